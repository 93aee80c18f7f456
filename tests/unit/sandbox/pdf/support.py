"""Small PDFs with everything that must be kept, and what a viewer finds in one."""

import io
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium
from pikepdf import Array, Dictionary, Name, String

from benchmarks.pdf_check.extracted import Found, words_of
from ocr_platform.models import PageResult, PdfWay, Word
from ocr_platform.ocr.formats import HEAD_BYTES, sniff
from ocr_platform.ocr.limits import Limits
from ocr_platform.sandbox.pdf.building import begin
from ocr_platform.sandbox.pdf.graft import Graft

_XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>"
)
LIMITS = Limits(max_pages=10, max_pixels=10**7, max_document_pixels=10**8, max_page_inches=100, render_dpi=100)


def one_page(content: bytes = b"", **attributes: Any) -> bytes:
    """A PDF of one page of 200 by 100 points, unless `MediaBox` says otherwise."""
    with pikepdf.Pdf.new() as pdf:
        values = {"Type": Name.Page, "MediaBox": Array([0, 0, 200, 100]), "Resources": Dictionary(), **attributes}
        values["Contents"] = pdf.make_stream(content)
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(Dictionary(**values))))
        return saved(pdf)


def saved(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    file = io.BytesIO()
    pdf.save(file, **options)
    return file.getvalue()


def grafted(body: bytes, *pages: PageResult) -> bytes:
    """A PDF with the words of pages grafted on."""
    graft, made = Graft(io.BytesIO(body)), io.BytesIO()
    for page in pages:
        graft.add(page)
    graft.finish(made)
    return made.getvalue()


def wrapped(path: Path, *pages: PageResult, way: PdfWay = PdfWay.WRAPPED) -> bytes:
    """A PDF around the pictures of a file."""
    made = io.BytesIO()
    with path.open("rb") as file:
        kind = sniff(file.read(HEAD_BYTES))
        assert kind is not None
        building = begin(way, file, kind, LIMITS)
        for page in pages:
            building.add(page)
        building.finish(made)
    return made.getvalue()


def found_in(body: bytes, width: int, height: int, number: int = 1) -> list[Found]:
    """Words that PDFium finds on a page that is shown in so many pixels."""
    return words_of(pdfium.PdfDocument(body)[number - 1], width, height)


def text_of(body: bytes, number: int = 1) -> str:
    """The text that PDFium finds on a page."""
    text: str = pdfium.PdfDocument(body)[number - 1].get_textpage().get_text_range()
    return text


def a_page(*words: Word, width: int = 400, height: int = 200, number: int = 1, text: str | None = None) -> PageResult:
    """A page at 144 dpi; by default of 200 by 100 points."""
    joined = " ".join(word.text for word in words) if text is None else text
    return PageResult(number, width, height, 144, joined, words)


def with_everything() -> bytes:
    """A PDF with a link, a form field, an outline, metadata, an attachment, page labels and tags."""
    with pikepdf.Pdf.new() as pdf:
        for _ in range(2):
            pdf.add_blank_page(page_size=(200, 100))
        link = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Link,
            Rect=Array([10, 10, 50, 20]),
            A=Dictionary(S=Name.URI, URI=String("https://example.org/")),
        )
        field = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T=String("name"),
            V=String("Roe"),
            Rect=Array([60, 10, 100, 20]),
            P=pdf.pages[0].obj,
        )
        held = pdf.make_indirect(field)
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(link), held])
        pdf.Root.AcroForm = Dictionary(Fields=Array([held]), DA=String("/Helv 0 Tf 0 g"))
        pdf.Root.MarkInfo = Dictionary(Marked=True)
        pdf.Root.StructTreeRoot = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=Array([])))
        pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r)]))
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Second page", 1))
        pdf.docinfo["/Title"] = String("A form")
        pdf.docinfo["/ModDate"] = String("D:20200101000000Z")
        pdf.Root.Metadata = pdf.make_stream(
            b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", Type=Name.Metadata, Subtype=Name.XML
        )
        pdf.attachments["note.txt"] = b"attached"
        return saved(pdf, static_id=True)

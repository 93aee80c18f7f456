"""A PDF whose pages become pictures, for PDF/A: what stands around the pages stays, and so do links."""

from collections.abc import Collection
from typing import BinaryIO

import pikepdf
from pikepdf import Array, Dictionary, Name

from ocr_platform.errors import PageError
from ocr_platform.models import PageResult, PdfLoss
from ocr_platform.ocr.pages import Pages
from ocr_platform.outputs.pdf.layer import text_layer
from ocr_platform.sandbox.pdf.archival.concessions import take_from_page
from ocr_platform.sandbox.pdf.archival.remarks import annotations, lost_with
from ocr_platform.sandbox.pdf.archival.writing import save_archival
from ocr_platform.sandbox.pdf.boxes import shown
from ocr_platform.sandbox.pdf.faults import parsing
from ocr_platform.sandbox.pdf.graft import in_place
from ocr_platform.sandbox.pdf.pictures.drawn import drawn_page
from ocr_platform.sandbox.pdf.pictures.picture import Picture
from ocr_platform.sandbox.pdf.typeface import Typeface

_IMAGE = "Picture"
_SHAPE = ("/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit")
# Tags name pieces of content that is there no more; fields and layers are in the pictures.
_WITHIN_PAGES = {
    "/StructTreeRoot": PdfLoss.TAGS,
    "/MarkInfo": PdfLoss.TAGS,
    "/AcroForm": PdfLoss.FORMS,
    "/OCProperties": PdfLoss.LAYERS,
}


class Redraw:
    """A PDF that gets a picture and its text page by page; `pages` are the same document, to be drawn.

    Raises DocumentDamaged, PasswordRequired.
    """

    def __init__(self, pages: Pages, file: BinaryIO, password: str = "") -> None:
        self._pages = pages
        with parsing():
            self._pdf = pikepdf.Pdf.open(file, password=password, inherit_page_attributes=True)
            self._typeface = Typeface(self._pdf)
            self._lost = {loss for key, loss in _WITHIN_PAGES.items() if key in self._pdf.Root}
            for key in _WITHIN_PAGES:
                if key in self._pdf.Root:
                    del self._pdf.Root[key]

    def add(self, page: PageResult) -> None:
        """Draw a page; one that failed comes without text, and empty where it cannot be drawn either.

        Raises PageError for a page that was recognised and cannot be drawn again: it must not come out empty.
        """
        try:
            picture = drawn_page(self._pages, page.number)
        except PageError:
            if page.error is None:
                raise
            picture = None
        with parsing():
            self._put(page, picture)

    def finish(self, file: BinaryIO) -> Collection[PdfLoss]:
        """Write the document; what it had and has no more. Raises PdfaRefused."""
        with parsing():
            if len(self._typeface.codes):
                self._typeface.finish()
            return sorted({*self._lost, *save_archival(self._pdf, file)})

    def _put(self, page: PageResult, picture: Picture | None) -> None:
        """Leave of a page its shape and its links, and show the picture."""
        pdf, target = self._pdf, self._pdf.pages[page.number - 1]
        self._lost |= take_from_page(target)
        self._leave_links(target)
        for key in [key for key in target.obj.keys() if key not in (*_SHAPE, "/Annots")]:  # noqa: SIM118  pikepdf's
            del target.obj[key]
        resources, content = pdf.make_indirect(Dictionary()), b""
        there = shown(target.obj)
        if picture is not None:
            resources["/XObject"] = Dictionary({f"/{_IMAGE}": picture.stream(pdf)})
            content = in_place(f"/{_IMAGE} Do\n".encode("ascii"), there.placement(1, 1))
        if page.words:
            name = self._typeface.name_in(resources)
            layer = text_layer(page, [True] * len(page.words), self._typeface.codes, name)
            content += in_place(layer, there.placement(page.width, page.height))
        target.obj["/Resources"] = resources
        target.obj["/Contents"] = pdf.make_stream(content)

    def _leave_links(self, target: pikepdf.Page) -> None:
        """The rest is in the picture, as far as it is seen."""
        there = annotations(target)
        links = [item for item in there if item.get("/Subtype") == Name.Link]
        for link in links:
            for key in ("/AP", "/StructParent"):
                if key in link:
                    del link[key]
        for item in there:
            if item.get("/Subtype") != Name.Link:
                self._lost |= lost_with(item)
        if links:
            target.obj["/Annots"] = Array(links)
        elif "/Annots" in target.obj:
            del target.obj["/Annots"]

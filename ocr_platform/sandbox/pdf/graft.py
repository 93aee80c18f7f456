"""The text layer on a PDF's own pages: everything else of the document stays as it is."""

from collections.abc import Callable, Collection
from typing import BinaryIO

import pikepdf
from pikepdf import Dictionary

from ocr_platform.models import PageResult, PdfLoss, WordSource
from ocr_platform.outputs.pdf.layer import text_layer
from ocr_platform.sandbox.pdf.boxes import shown
from ocr_platform.sandbox.pdf.earlier import remove_invisible_text
from ocr_platform.sandbox.pdf.faults import parsing
from ocr_platform.sandbox.pdf.typeface import Typeface

# Writes a PDF, and says what had to be taken out for it.
Write = Callable[[pikepdf.Pdf, BinaryIO], Collection[PdfLoss]]


def save(pdf: pikepdf.Pdf, file: BinaryIO) -> Collection[PdfLoss]:
    """Write a PDF: the same one always gives the same bytes, and streams that are compressed stay as they are."""
    pdf.save(
        file,
        deterministic_id=True,
        encryption=False,
        fix_metadata_version=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.preserve,
    )
    return ()


class Graft:
    """A PDF that gets a text layer page by page, and that `write` writes. Raises DocumentDamaged, PasswordRequired."""

    def __init__(self, file: BinaryIO, password: str = "", write: Write = save) -> None:
        self._write = write
        with parsing():
            # Attributes that pages inherit become their own: what is added to one must not reach the others.
            self._pdf = pikepdf.Pdf.open(file, password=password, inherit_page_attributes=True)
            self._typeface = Typeface(self._pdf)
            self._pages = len(self._pdf.pages)

    def add(self, page: PageResult) -> None:
        """Graft the words of a page that are not there yet. A page that failed stays as it was."""
        if not 1 <= page.number <= self._pages or not page.width or not page.height:
            return
        new = [word.source is not WordSource.TEXT for word in page.words]
        if not any(new):
            return
        with parsing():
            target = self._pdf.pages[page.number - 1]
            if all(new):
                remove_invisible_text(self._pdf, target)
            name = self._typeface.name_in(_resources(target))
            layer = text_layer(page, new, self._typeface.codes, name)
            if layer:
                # In front of the page's own operators, which may leave any state behind them.
                target.contents_add(in_place(layer, shown(target.obj).placement(page.width, page.height)), prepend=True)

    def finish(self, file: BinaryIO) -> Collection[PdfLoss]:
        """Write the document; without encryption, since what protects it from now on is the bucket's."""
        with parsing():
            if len(self._typeface.codes):
                self._typeface.finish()
            return self._write(self._pdf, file)


def in_place(layer: bytes, matrix: tuple[float, ...]) -> bytes:
    """A text layer as a content stream of its own that leaves nothing behind."""
    numbers = " ".join(f"{value:.6f}" for value in matrix)
    return b"q %s cm\n%sQ\n" % (numbers.encode("ascii"), layer)


def _resources(page: pikepdf.Page) -> pikepdf.Object:
    """A page's own resources; those that several pages share become its own."""
    found = page.obj.get("/Resources")
    own = Dictionary(dict(found.items())) if isinstance(found, Dictionary) else Dictionary()
    fonts = own.get("/Font")
    if isinstance(fonts, Dictionary):
        own["/Font"] = Dictionary(dict(fonts.items()))
    page.obj["/Resources"] = own
    return page.obj["/Resources"]

"""A PDF around pictures: the pages of an image file as they are stored, or pages that had to be drawn."""

import mmap
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, BinaryIO

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import ExifTags, Image

from ocr_platform.errors import PageError
from ocr_platform.models import DocumentFormat, PageResult, PdfLoss
from ocr_platform.ocr.pages import Pages, Pictured
from ocr_platform.outputs.pdf.layer import text_layer
from ocr_platform.sandbox.pdf.faults import decoding, parsing
from ocr_platform.sandbox.pdf.graft import Write, in_place, save
from ocr_platform.sandbox.pdf.pictures.drawn import drawn_page, repainted
from ocr_platform.sandbox.pdf.pictures.fax import fax_as_it_is
from ocr_platform.sandbox.pdf.pictures.jpeg import jpeg_as_it_is
from ocr_platform.sandbox.pdf.pictures.jpeg2000 import jpeg2000_as_it_is
from ocr_platform.sandbox.pdf.pictures.picture import Picture
from ocr_platform.sandbox.pdf.pictures.pixels import packed
from ocr_platform.sandbox.pdf.pictures.png import png_as_it_is
from ocr_platform.sandbox.pdf.pictures.tiff_jpeg import tiff_jpeg_as_it_is
from ocr_platform.sandbox.pdf.typeface import Typeface

_POINTS_PER_INCH = 72
_LARGEST = 14_400  # points; ISO 32000-1, annex C
_SMALLEST = 3  # points; the same annex
_SHEET = (595.28, 841.89)  # A4: for a page of which nothing is known
_SHEET_INCHES = 11.69  # the longer side of a page whose picture does not say how large it is
_IMAGE = "Picture"

_AS_IT_IS: dict[str | None, Callable[[bytes], Picture | None]] = {
    "JPEG": jpeg_as_it_is,
    "MPO": jpeg_as_it_is,
    "PNG": png_as_it_is,
    "JPEG2000": jpeg2000_as_it_is,
}


class Wrap:
    """A new PDF that gets a page at a time, in order; `pages` is the opened document, `file` its bytes.

    Pages that are `drawn` become JPEG when they are a PDF's, and lose but their profile and inks when they are an image
    file's; all others lose nothing. `write` is what writes the document.
    """

    def __init__(
        self, pages: Pages, file: BinaryIO, format: DocumentFormat, *, drawn: bool = False, write: Write = save
    ) -> None:
        self._pages = pages
        self._format = format
        self._drawn = drawn
        self._write = write
        self._profiled = write is not save  # PDF/A has no inks without a profile, however large it is
        self._body = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self._pdf = pikepdf.Pdf.new()
        self._typeface = Typeface(self._pdf)

    def add(self, page: PageResult) -> None:
        """Add the next page; a page that failed comes without text, and empty where its picture is what failed.

        Raises PageError for a page that was recognised and cannot be decoded again: it must not come out empty.
        """
        try:
            picture = self._picture(page.number)
        except PageError:
            if page.error is None:
                raise
            picture = None
        with parsing():
            self._add(page, picture)

    def finish(self, file: BinaryIO) -> Collection[PdfLoss]:
        """Write the document."""
        with parsing():
            if len(self._typeface.codes):
                self._typeface.finish()
            return self._write(self._pdf, file)

    def _add(self, page: PageResult, picture: Picture | None) -> None:
        size = (page.width, page.height) if page.width and page.height else picture.shown_size if picture else None
        dpi = _dpi(page.dpi, size) if size else 1.0
        scale = _POINTS_PER_INCH / dpi
        width, height = (round(side * scale, 3) for side in size) if size else _SHEET
        resources = self._pdf.make_indirect(Dictionary())
        content = b""
        if picture is not None:
            resources["/XObject"] = Dictionary({f"/{_IMAGE}": picture.stream(self._pdf)})
            numbers = " ".join(f"{value:.3f}" for value in picture.matrix(width, height))
            content = f"q {numbers} cm /{_IMAGE} Do Q\n".encode("ascii")
        if page.words:
            name = self._typeface.name_in(resources)
            layer = text_layer(page, [True] * len(page.words), self._typeface.codes, name)
            content += in_place(layer, (width / page.width, 0, 0, height / page.height, 0, 0))
        leaf = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, max(width, _SMALLEST), max(height, _SMALLEST)]),
            Resources=resources,
            Contents=self._pdf.make_stream(content),
        )
        self._pdf.pages.append(pikepdf.Page(self._pdf.make_indirect(leaf)))

    def _picture(self, number: int) -> Picture:
        """A page's picture: its bytes as they are if PDF can have them so, else packed anew. Raises a PageError."""
        if not isinstance(self._pages, Pictured) or (self._drawn and self._format is DocumentFormat.PDF):
            return drawn_page(self._pages, number)
        with decoding():
            image = self._pages.picture(number)
            if self._drawn:
                return replace(self._described(repainted(image), image), icc=None)
            as_it_is = self._as_it_is(image)
            if as_it_is is not None:
                return as_it_is
            image.load()
            return self._described(packed(image), image)

    def _as_it_is(self, image: Image.Image) -> Picture | None:
        if image.format == "TIFF":
            tags: Any = image.tag_v2  # type: ignore[attr-defined]  # of Pillow's TIFF images
            found = fax_as_it_is(tags, self._body) or tiff_jpeg_as_it_is(tags, self._body)
        else:
            read = _AS_IT_IS.get(image.format)
            found = read(bytes(self._body)) if read else None
        return None if found is None else self._described(found, image)

    def _described(self, picture: Picture, image: Image.Image) -> Picture:
        """A picture with what its file says of how it lies and what its colours mean."""
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        icc = image.info.get("icc_profile")
        return replace(
            picture,
            orientation=orientation if orientation in range(1, 9) else 1,
            icc=icc if isinstance(icc, bytes) else None,
            profiled=self._profiled,
        )


def _dpi(stated: int, size: tuple[int, int]) -> float:
    """The resolution that a page gets: the stated one; a sheet of paper where there is none; no page too large."""
    longer = max(size)
    return max(stated or longer / _SHEET_INCHES, longer * _POINTS_PER_INCH / _LARGEST)

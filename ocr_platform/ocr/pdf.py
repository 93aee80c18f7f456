"""PDF pages by PDFium."""

import ctypes
import math
import mmap
from collections.abc import Iterator
from typing import Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from ocr_platform.errors import DocumentDamaged, PageDamaged, PageTooLarge, PasswordRequired, PasswordWrong
from ocr_platform.ocr.frame import Box, Frame, frame_of
from ocr_platform.ocr.layers import Layer
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.pdf_layer import layer_of
from ocr_platform.ocr.pdf_objects import has_annotations

_POINTS_PER_INCH = 72
# Below this a poster's letters are lost; a page that does not fit even so is refused.
_MIN_DPI = 100
_HALF_A_PIXEL = 0.5


class PdfPages:
    """Pages of a PDF, rendered at the limits' resolution, or at less when a page would have too many pixels.

    A `password` may be the user's or the owner's; where none is needed it is not looked at.
    """

    def __init__(self, file: BinaryIO, limits: Limits, password: str | None = None) -> None:
        content = _mapped(file)
        try:
            self._pdf = _opened(content)
        except PasswordRequired:
            if password is None:
                raise
            try:
                self._pdf = _opened(content, password)
            except PasswordRequired as exc:
                raise PasswordWrong from exc
        self._limits = limits
        self._pdf.init_forms()
        self._page: tuple[int, pdfium.PdfPage] | None = None

    def count(self) -> int:
        """Pages by the document's page tree."""
        if len(self._pdf) == 0:
            raise DocumentDamaged
        return self._limits.count(self._sizes())

    def _sizes(self) -> Iterator[int]:
        """Pixels of each page as it would be drawn; 0 for one that cannot be."""
        for index in range(len(self._pdf)):
            try:
                width, height = (side / _POINTS_PER_INCH for side in self._pdf.get_page_size(index))
                dpi = self._fitting_dpi(width, height)
                yield round(width * dpi) * round(height * dpi)
            except (pdfium.PdfiumError, PageDamaged, PageTooLarge):
                yield 0

    def render(self, number: int) -> PageImage:
        """A page with its forms filled in, on white."""
        return self._drawn(number, None)

    def draw(self, number: int, box: Box) -> PageImage:
        """A part of a page, to the pixel as `render` has it, at its share of the cost."""
        return self._drawn(number, box)

    def layer(self, number: int) -> Layer:
        """A page's own text, that of its forms and remarks included, and its pictures; nothing is drawn."""
        try:
            page = self._opened(number)
            frame = self._frame(page)
            if has_annotations(page.raw):
                page = self._flattened(number)
            return layer_of(page.raw, frame)
        except (pdfium.PdfiumError, ValueError, IndexError) as exc:
            raise PageDamaged from exc

    def _drawn(self, number: int, box: Box | None) -> PageImage:
        try:
            page = self._opened(number)
            frame = self._frame(page)
            scale = frame.dpi / _POINTS_PER_INCH
            crop: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
            if box is not None:
                left, top, right, bottom = (
                    math.floor(box[0]),
                    math.floor(box[1]),
                    math.ceil(box[2]),
                    math.ceil(box[3]),
                )
                # PDFium's binding rounds up what it is told in points.
                beyond = (left, frame.height - bottom, frame.width - right, top)
                crop = tuple(max(0.0, (pixels - _HALF_A_PIXEL) / scale) for pixels in beyond)
            image = page.render(scale=scale, crop=crop, grayscale=True).to_pil().convert("L")
        except (pdfium.PdfiumError, ValueError, IndexError) as exc:
            raise PageDamaged from exc
        return PageImage(image, frame.dpi)

    def _opened(self, number: int) -> pdfium.PdfPage:
        """A page; it stays open until another is asked for, since its layer is read before it is drawn."""
        if self._page is not None:
            if self._page[0] == number:
                return self._page[1]
            self._page[1].close()
            self._page = None
        page = self._pdf[number - 1]
        self._page = (number, page)
        return page

    def _flattened(self, number: int) -> pdfium.PdfPage:
        """A page with its forms and remarks as part of it, in this process' memory alone."""
        page = self._opened(number)
        pdfium_c.FPDFPage_Flatten(page.raw, pdfium_c.FLAT_NORMALDISPLAY)  # what cannot be is left as it is
        page.close()
        self._page = None
        return self._opened(number)

    def _frame(self, page: pdfium.PdfPage) -> Frame:
        """How a page lies, with the sides that PDFium's binding draws it with. Raises PageDamaged, PageTooLarge."""
        width, height = page.get_size()
        dpi = self._fitting_dpi(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH)
        scale = dpi / _POINTS_PER_INCH
        return frame_of(page.raw, math.ceil(width * scale), math.ceil(height * scale), dpi)

    def picture(self, number: int) -> Image.Image:
        """A page drawn in colour, at the resolution of `render`."""
        try:
            page = self._pdf[number - 1]
            width, height = (side / _POINTS_PER_INCH for side in page.get_size())
            dpi = self._fitting_dpi(width, height)
            image: Image.Image = page.render(scale=dpi / _POINTS_PER_INCH).to_pil().convert("RGB")
            page.close()
        except (pdfium.PdfiumError, ValueError, IndexError) as exc:
            raise PageDamaged from exc
        return image

    def _fitting_dpi(self, width: float, height: float) -> int:
        """The resolution for a page of this size in inches. Raises PageDamaged, PageTooLarge."""
        limits = self._limits
        if not (width > 0 and height > 0):
            raise PageDamaged
        if max(width, height) > limits.max_page_inches:
            raise PageTooLarge
        fitting = min(limits.render_dpi, int((limits.max_pixels / (width * height)) ** 0.5))
        if fitting < min(limits.render_dpi, _MIN_DPI):
            raise PageTooLarge
        limits.require_page(round(width * fitting), round(height * fitting))
        return fitting


def _opened(content: "ctypes.Array[ctypes.c_ubyte]", password: str | None = None) -> Any:
    """A document of PDFium's. Raises PasswordRequired when it does not open with this one; DocumentDamaged."""
    try:
        return pdfium.PdfDocument(content, password)
    except pdfium.PdfiumError as exc:
        raise (PasswordRequired if exc.err_code == pdfium_c.FPDF_ERR_PASSWORD else DocumentDamaged) from exc


def _mapped(file: BinaryIO) -> "ctypes.Array[ctypes.c_ubyte]":
    """The file's bytes without a copy; a private mapping, since ctypes takes only what could be written."""
    content = mmap.mmap(file.fileno(), file.seek(0, 2), flags=mmap.MAP_PRIVATE)
    return (ctypes.c_ubyte * len(content)).from_buffer(content)

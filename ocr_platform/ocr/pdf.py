"""PDF pages by PDFium."""

from typing import BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ocr_platform.errors import DocumentDamaged, PageDamaged, PageTooLarge, PasswordRequired, TooManyPages
from ocr_platform.ocr.pages import PageImage, require_size

_POINTS_PER_INCH = 72
# Below this a poster's letters are lost; a page that does not fit even so is refused.
_MIN_DPI = 100


class PdfPages:
    """Pages of a PDF, rendered at `dpi`, or at less when a page would have more than `max_pixels`."""

    def __init__(self, file: BinaryIO, dpi: int, max_pixels: int) -> None:
        try:
            self._pdf = pdfium.PdfDocument(file)
        except pdfium.PdfiumError as exc:
            if exc.err_code == pdfium_c.FPDF_ERR_PASSWORD:
                raise PasswordRequired from exc
            raise DocumentDamaged from exc
        self._dpi = dpi
        self._max_pixels = max_pixels
        self._pdf.init_forms()

    def count(self, at_most: int) -> int:
        """Pages by the document's page tree."""
        pages = len(self._pdf)
        if pages == 0:
            raise DocumentDamaged
        if pages > at_most:
            raise TooManyPages
        return pages

    def render(self, number: int) -> PageImage:
        """A page with its forms filled in, on white."""
        try:
            page = self._pdf[number - 1]
            width, height = (side / _POINTS_PER_INCH for side in page.get_size())
            dpi = self._fitting_dpi(width, height)
            image = page.render(scale=dpi / _POINTS_PER_INCH, grayscale=True).to_pil().convert("L")
            page.close()
        except (pdfium.PdfiumError, ValueError) as exc:
            raise PageDamaged from exc
        return PageImage(image, dpi)

    def _fitting_dpi(self, width: float, height: float) -> int:
        """The resolution for a page of this size in inches."""
        area = width * height
        if area <= 0:
            raise PageDamaged
        fitting = min(self._dpi, int((self._max_pixels / area) ** 0.5))
        if fitting < min(self._dpi, _MIN_DPI):
            raise PageTooLarge
        require_size(round(width * fitting), round(height * fitting), self._max_pixels)
        return fitting

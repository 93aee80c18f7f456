"""From a sealed file to pages, by the format that was sniffed."""

from typing import BinaryIO

from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.images import ImagePages
from ocr_platform.ocr.pages import Pages
from ocr_platform.ocr.pdf import PdfPages


def open_pages(file: BinaryIO, format: DocumentFormat, render_dpi: int, max_pixels: int) -> Pages:
    """Open a document. Raises a DocumentError."""
    if format is DocumentFormat.PDF:
        return PdfPages(file, render_dpi, max_pixels)
    return ImagePages(file, format, max_pixels)

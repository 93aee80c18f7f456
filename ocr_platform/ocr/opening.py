"""From sealed bytes to pages, by the format that was sniffed."""

from typing import BinaryIO

from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.images import ImagePages
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.pages import Pages
from ocr_platform.ocr.pdf import PdfPages


def open_pages(file: BinaryIO, format: DocumentFormat, limits: Limits) -> Pages:
    """Open a document. Raises a DocumentError."""
    return PdfPages(file, limits) if format is DocumentFormat.PDF else ImagePages(file, format, limits)

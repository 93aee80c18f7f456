"""From sealed bytes to pages, by the format that was sniffed."""

from typing import BinaryIO

from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.images import ImagePages
from ocr_platform.ocr.jbig2 import Jbig2Pages
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.pages import Pages
from ocr_platform.ocr.pdf import PdfPages


def open_pages(file: BinaryIO, format: DocumentFormat, limits: Limits, password: str | None = None) -> Pages:
    """Open a document. Raises a DocumentError. Only a PDF can need a `password`; elsewhere it is not looked at."""
    match format:
        case DocumentFormat.PDF:
            return PdfPages(file, limits, password)
        case DocumentFormat.JBIG2:
            return Jbig2Pages(file, limits)
    return ImagePages(file, format, limits)

"""Which way a searchable PDF is made, chunk by chunk of its pages."""

from typing import BinaryIO, Protocol

from ocr_platform.models import DocumentFormat, PageResult, PdfWay
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.opening import open_pages
from ocr_platform.sandbox.pdf.graft import Graft
from ocr_platform.sandbox.pdf.wrap import Wrap


class Building(Protocol):
    """A PDF that is being made."""

    def add(self, page: PageResult) -> None:
        """Add a page, or the text of one; pages come in order. Raises a DocumentError."""
        ...

    def finish(self, file: BinaryIO) -> None:
        """Write it. Raises a DocumentError."""
        ...


def begin(way: PdfWay, file: BinaryIO, format: DocumentFormat, limits: Limits, password: str | None = None) -> Building:
    """Begin a PDF from a document. Raises a DocumentError."""
    file.seek(0)
    if way is PdfWay.GRAFTED:
        return Graft(file, password or "")
    return Wrap(open_pages(file, format, limits, password), file, drawn=way is PdfWay.DRAWN)

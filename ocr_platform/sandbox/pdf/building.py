"""Which way a searchable PDF is made, chunk by chunk of its pages."""

from collections.abc import Collection
from typing import BinaryIO, Protocol

from ocr_platform.models import DocumentFormat, PageResult, PdfLoss, PdfWay
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.opening import open_pages
from ocr_platform.sandbox.pdf.graft import Graft, Write, save
from ocr_platform.sandbox.pdf.wrap import Wrap


class Building(Protocol):
    """A PDF that is being made."""

    def add(self, page: PageResult) -> None:
        """Add a page, or the text of one; pages come in order. Raises a DocumentError."""
        ...

    def finish(self, file: BinaryIO) -> Collection[PdfLoss]:
        """Write it; what had to be taken out for PDF/A. Raises a DocumentError."""
        ...


def begin(
    way: PdfWay,
    file: BinaryIO,
    format: DocumentFormat,
    limits: Limits,
    password: str | None = None,
    *,
    archival: bool = False,
) -> Building:
    """Begin a PDF from a document, or with `archival` PDF/A. Raises a DocumentError.

    PDF/A is written into a file that has a descriptor and can be read, so that it can be looked at.
    """
    file.seek(0)
    write = _archival() if archival else save
    if way is PdfWay.GRAFTED:
        return Graft(file, password or "", write)
    pages = open_pages(file, format, limits, password)
    if way is PdfWay.REDRAWN:
        from ocr_platform.sandbox.pdf.archival.redraw import Redraw

        return Redraw(pages, file, password or "")
    return Wrap(pages, file, format, drawn=way is PdfWay.DRAWN, write=write)


def _archival() -> Write:
    """What writes PDF/A; not every worker has it, and it takes a second to import."""
    from ocr_platform.sandbox.pdf.archival.writing import save_archival

    return save_archival

"""What is refused before anything is unpacked. No decoder is imported here: the worker checks answers by these, too."""

from collections.abc import Iterable
from dataclasses import dataclass

from ocr_platform.errors import DocumentTooLarge, PageTooLarge, TooManyPages

# Leptonica, which Tesseract decodes with, keeps sides in 15 bits.
_MAX_SIDE = 32767


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before anything is unpacked; `render_dpi` is what a PDF's pages are drawn at.

    `max_pixels` is for a page, `max_document_pixels` for all pages of a document together, as they declare themselves;
    `max_page_inches` for the longer side of a PDF's page.
    """

    max_pages: int
    max_pixels: int
    max_document_pixels: int
    max_page_inches: float
    render_dpi: int

    def require_page(self, width: int, height: int) -> None:
        """Raise PageTooLarge when an image of this size, in pixels, must not be unpacked."""
        if width * height > self.max_pixels or max(width, height) > _MAX_SIDE:
            raise PageTooLarge

    def count(self, sizes: Iterable[int]) -> int:
        """How many pages there are, of so many pixels each. Raises TooManyPages, DocumentTooLarge.

        A page that will be refused by itself takes nothing from the others' budget.
        """
        pages = pixels = 0
        for size in sizes:
            pages += 1
            pixels += size if size <= self.max_pixels else 0
            if pages > self.max_pages:
                raise TooManyPages
            if pixels > self.max_document_pixels:
                raise DocumentTooLarge
        return pages

"""Plain text: UTF-8, pages parted by form feeds. A page that failed is empty, so that page numbers stay right."""

from collections.abc import Sequence

from ocr_platform.models import Job, PageResult

PAGE_BREAK = "\f"


def build_text(job: Job, pages: Sequence[PageResult]) -> bytes:
    """The text of all pages, in order."""
    return PAGE_BREAK.join(page.text for page in pages).encode()

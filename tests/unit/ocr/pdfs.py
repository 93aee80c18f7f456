"""PDFs as the sandbox has them, and their layers."""

import os
from collections.abc import Sequence

from ocr_platform.ocr.layers import Layer
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.pdf import PdfPages
from tests.data.born_digital import Page, pdf
from tests.unit.ocr.support import limits

LINES = (
    "Every patient letter is read by someone who is in a hurry.",
    "It names the day of the examination, what was found, and",
    "what the family doctor is asked to do about the medicine.",
    "Nobody wants to type any of it again into another system.",
)


def opened(*pages: Page, bounds: Limits | None = None, further: Sequence[bytes] = ()) -> PdfPages:
    """Pages of a new PDF with `further` objects from 20 on; PDFium maps the file, so that it needs a descriptor."""
    with os.fdopen(os.memfd_create("document"), "w+b") as file:
        file.write(pdf(pages, further))
        file.flush()
        return PdfPages(file, bounds or limits())


def layer(page: Page, bounds: Limits | None = None) -> Layer:
    return opened(page, bounds=bounds).layer(1)

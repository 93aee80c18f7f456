"""One page, from the document to what is read on it."""

import time

from ocr_platform.layout import with_rows
from ocr_platform.models import PageResult, Reading
from ocr_platform.ocr.engines import OcrEngine
from ocr_platform.ocr.pages import Pages

_LEAST_SECONDS = 0.1


def read_page(
    pages: Pages, number: int, reading: Reading, engine: OcrEngine, languages: str, ends: float
) -> PageResult:
    """Read page `number` (from 1) with models that were prepared, until `ends` (monotonic). Raises a PageError."""
    page = pages.render(number)
    read = engine.recognise(page, languages, max(ends - time.monotonic(), _LEAST_SECONDS))
    return PageResult(
        number=number,
        width=page.image.width,
        height=page.image.height,
        dpi=page.dpi,
        text=with_rows(read.text, read.words),
        words=read.words,
        languages=tuple(languages.split("+")),
    )

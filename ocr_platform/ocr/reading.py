"""One page, from the document to what is read on it."""

import time

from ocr_platform.models import PageResult, Quality, Reading
from ocr_platform.ocr.engines import OcrEngine
from ocr_platform.ocr.pages import Pages
from ocr_platform.ocr.second import LineReader, second_opinion

_LEAST_SECONDS = 0.1


def read_page(
    pages: Pages,
    number: int,
    reading: Reading,
    engine: OcrEngine,
    languages: str,
    ends: float,
    second: LineReader | None = None,
) -> PageResult:
    """Read page `number` (from 1) with models that were prepared, until `ends` (monotonic). Raises a PageError.

    A `second` reader is asked where `reading` is to be the best.
    """
    page = pages.render(number)
    read = engine.recognise(page, languages, max(ends - time.monotonic(), _LEAST_SECONDS))
    read = second_opinion(page.image, read, languages, second if reading.quality is Quality.BEST else None, ends)
    return PageResult(
        number=number,
        width=page.image.width,
        height=page.image.height,
        dpi=page.dpi,
        text=read.text,
        words=read.words,
        languages=tuple(languages.split("+")),
        disputed=read.disputed,
    )

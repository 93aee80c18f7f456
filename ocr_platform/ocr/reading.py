"""One page, from the document to what is read on it."""

import time

from ocr_platform.layout import with_rows
from ocr_platform.models import OcrMode, PageResult, Quality, Reading
from ocr_platform.ocr.blank import is_blank
from ocr_platform.ocr.engines import OcrEngine, Recognition
from ocr_platform.ocr.layered import Recognise, read_layer
from ocr_platform.ocr.layers import BringsText
from ocr_platform.ocr.pages import PageImage, Pages
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
    asked = second if reading.quality is Quality.BEST else None

    def recognise(page: PageImage) -> Recognition:
        read = engine.recognise(page, languages, max(ends - time.monotonic(), _LEAST_SECONDS))
        return second_opinion(page.image, read, languages, asked, ends)

    if reading.mode is OcrMode.FORCE or not isinstance(pages, BringsText):
        return _recognised(pages, number, reading, recognise, languages)
    layered = read_layer(pages, number, reading.mode, recognise)
    if layered.result is not None:
        return layered.result
    return layered.finished(_recognised(pages, number, reading, recognise, languages))


def _recognised(pages: Pages, number: int, reading: Reading, recognise: Recognise, languages: str) -> PageResult:
    """A page by what it shows; nothing is recognised on one that is blank, unless that is forced."""
    page = pages.render(number)
    blank = reading.mode is not OcrMode.FORCE and is_blank(page)
    nothing = blank or reading.mode is OcrMode.SKIP
    read = Recognition("", ()) if nothing else recognise(page)
    return PageResult(
        number=number,
        width=page.image.width,
        height=page.image.height,
        dpi=page.dpi,
        text=with_rows(read.text, read.words),
        words=read.words,
        languages=() if nothing else tuple(languages.split("+")),
        blank=blank,
        disputed=read.disputed,
    )

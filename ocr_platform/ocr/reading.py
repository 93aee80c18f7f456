"""One page, from the document to what is read on it."""

from dataclasses import replace

from ocr_platform.layout import with_rows
from ocr_platform.models import OcrMode, PageResult, Quality, Reading
from ocr_platform.ocr.blank import is_blank
from ocr_platform.ocr.engines import OcrEngine, Recognition
from ocr_platform.ocr.layered import Recognise, read_layer
from ocr_platform.ocr.layers import BringsText
from ocr_platform.ocr.pages import PageImage, Pages
from ocr_platform.ocr.second import LineReader, second_opinion
from ocr_platform.ocr.tries import Attempt, read_in_tries


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
    quality = reading.quality or Quality.BALANCED
    asked = second if quality is Quality.BEST else None

    def recognise(page: PageImage) -> Attempt:
        best = read_in_tries(page, languages, quality, engine, ends)
        opinion = second_opinion(page.image, best.recognition, languages, asked, ends, best.rotation)
        return replace(best, recognition=opinion)

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
    best = Attempt(Recognition("", ())) if nothing else recognise(page)
    read = best.recognition
    return PageResult(
        number=number,
        width=page.image.width,
        height=page.image.height,
        dpi=page.dpi,
        text=with_rows(read.text, read.words),
        words=read.words,
        rotation=best.rotation,
        skew=best.skew,
        languages=() if nothing else tuple(languages.split("+")),
        blank=blank,
        disputed=read.disputed,
    )

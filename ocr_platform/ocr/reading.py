"""One page, from the document to what is read on it."""

from ocr_platform.models import PageResult, Quality, Reading
from ocr_platform.ocr.engines import OcrEngine
from ocr_platform.ocr.pages import Pages
from ocr_platform.ocr.tries import read_in_tries


def read_page(
    pages: Pages, number: int, reading: Reading, engine: OcrEngine, languages: str, ends: float
) -> PageResult:
    """Read page `number` (from 1) with models that were prepared, until `ends` (monotonic). Raises a PageError."""
    page = pages.render(number)
    read = read_in_tries(page, languages, reading.quality or Quality.BALANCED, engine, ends)
    return PageResult(
        number=number,
        width=page.image.width,
        height=page.image.height,
        dpi=page.dpi,
        text=read.recognition.text,
        words=read.recognition.words,
        rotation=read.rotation,
        skew=read.skew,
        languages=tuple(languages.split("+")),
    )

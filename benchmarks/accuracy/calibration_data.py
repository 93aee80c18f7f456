"""What both recognisers say of each page of the corpus, and which of their words are right."""

import json
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.accuracy import normalised
from benchmarks.speed.corpus import Page
from ocr_platform.models import DocumentFormat, Quality, Word
from ocr_platform.ocr.alignment import align, on_lines
from ocr_platform.ocr.confidence import Basis
from ocr_platform.ocr.engines import OcrEngine
from ocr_platform.ocr.engines.lines import SeenLine, SeenWord
from ocr_platform.ocr.images import ImagePages
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.merging import same_text
from ocr_platform.ocr.second import LineReader, is_unsure
from ocr_platform.ocr.tries import read_in_tries

_FORMATS = {".tif": "tiff", ".png": "png", ".jpg": "jpeg"}
_LIMITS = Limits(max_pages=10, max_pixels=10**8, max_document_pixels=10**9, max_page_inches=200, render_dpi=300)
_SECONDS = 600.0
_SURE_LINES = 5  # of each page, that are read a second time although the first is sure of them
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Raw:
    """A page as both recognisers read it, prepared as a job's; confidences of words are Tesseract's own."""

    page: Page
    words: tuple[Word, ...]
    lines: tuple[SeenLine, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A word, how it came about, its score (0-1), and whether the page says it."""

    group: str
    basis: Basis
    score: float
    right: bool


class Truth:
    """The words of a page, without their order; case counts unless whoever wrote them down knew capitals alone."""

    def __init__(self, text: str) -> None:
        self._capitals = text == text.upper()
        self._left = Counter(normalised(text).split())

    def has(self, word: str) -> bool:
        """Whether the page has it, beside what was taken."""
        return self._left[self._written(word)] > 0

    def take(self, word: str) -> bool:
        """The same, and takes it away."""
        found = self.has(word)
        if found:
            self._left[self._written(word)] -= 1
        return found

    def _written(self, word: str) -> str:
        composed = unicodedata.normalize("NFC", word)
        return composed.upper() if self._capitals else composed


def read_raw(page: Page, engine: OcrEngine, second: LineReader, languages: str, cache: Path) -> Raw:
    """Read a page by both recognisers as a job with `best` does, or take it from the directory `cache`."""
    path = cache / f"{page.id}.json"
    if not path.exists():
        image = ImagePages(page.path.open("rb"), DocumentFormat(_FORMATS[page.path.suffix]), _LIMITS).render(1)
        engine.prepare(languages)
        read = read_in_tries(image, languages, Quality.BEST, engine, time.monotonic() + _SECONDS).recognition
        found = second.detect(image.image)
        unsure = [corners for corners in found if is_unsure(read.words, corners)]
        sure = [corners for corners in found if not is_unsure(read.words, corners)]
        some = sure[:: max(1, len(sure) // _SURE_LINES)]
        lines = [line for batch in second.recognise(image.image, [*unsure, *some]) for line in batch]
        path.write_text(json.dumps({"words": [word.as_dict() for word in read.words], "lines": _plain(lines)}))
    stored = json.loads(path.read_text())
    words = tuple(Word(**word) for word in stored["words"])
    lines = [
        SeenLine(tuple(box), tuple(SeenWord(text, tuple(spot), score) for text, spot, score in found))
        for box, found in stored["lines"]
    ]
    return Raw(page, words, tuple(lines))


def _plain(lines: Sequence[SeenLine]) -> list[object]:
    return [[line.box, [[word.text, word.box, word.score] for word in line.words]] for line in lines]


def samples(raw: Raw) -> Iterator[Sample]:
    """Every word of both readings. A word of the truth counts once among those that nobody disputes."""
    group, first = raw.page.set, raw.words
    yield from _marked(group, Basis.ALONE, first, Truth(raw.page.truth).take)
    truth = Truth(raw.page.truth)
    matches = align(first, raw.lines)
    seen = on_lines(first, raw.lines)
    matched = {index for match in matches for index in match.first}
    disputes = []
    for match in matches:
        ours = [first[index] for index in match.first]
        if ours and same_text(ours, match.second):
            yield from _marked(group, Basis.AGREED, ours, truth.take)
        elif ours and match.second:
            disputes.append((ours, match.second))
        elif ours:
            yield from _marked(group, Basis.FIRST_ONLY, ours, truth.take)
        else:
            yield from _marked(group, Basis.SECOND_ONLY, match.second, truth.take)
    for index, word in enumerate(first):
        if index not in matched and seen[index]:
            yield from _marked(group, Basis.FIRST_ONLY, [word], truth.take)
        elif index not in matched:
            truth.take(word.text)
    for ours, theirs in disputes:
        yield from _marked(group, Basis.FIRST, ours, truth.has)
        yield from _marked(group, Basis.SECOND, theirs, truth.has)


def _marked(
    group: str, basis: Basis, words: Sequence[Word | SeenWord], is_right: Callable[[str], bool]
) -> Iterator[Sample]:
    for word in words:
        score = word.score if isinstance(word, SeenWord) else word.confidence / _PERCENT
        yield Sample(group, basis, score, is_right(word.text))

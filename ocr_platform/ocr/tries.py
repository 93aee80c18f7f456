"""One page recognised, and again by other means where the first reading is unsure; the best of them is taken.

The figures that chose this are in docs/preparation.md.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Self

from ocr_platform.errors import PageError
from ocr_platform.layout import plain_text, with_markers
from ocr_platform.models import Quality, Word
from ocr_platform.ocr.engines import Manner, OcrEngine, Recognition, Segmentation
from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.prepare import Prepared, prepared
from ocr_platform.ocr.specks import without_specks

_LEAST_SECONDS = 0.1
# A word is sure from this confidence on, and a reading when so many of its letters are in sure words.
_SURE_WORD, _SURE_READING = 80.0, 0.85
# Below this a page may as well be upside down.
_NONSENSE = 0.5
_MORE_TRIES = {Quality.FAST: 0, Quality.BALANCED: 1, Quality.BEST: 3}
# Another try has to have so many times the seconds that the first one took.
_ROOM = 2.0
# As a share of the letters. Words in no order are seldom what is wanted, and look surer than they are.
_LEAST_GAIN = {
    Segmentation.AUTO: 0.02,
    Segmentation.COLUMN: 0.02,
    Segmentation.BLOCK: 0.02,
    Segmentation.SPARSE: 0.1,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reading of a page, the boxes on the page as the document shows it, and by what it was read."""

    recognition: Recognition
    rotation: int = 0
    skew: float = 0.0
    manner: Manner = field(default=Manner())

    @property
    def sure(self) -> float:
        """The share of letters in sure words, 0-1; 0 when there are none."""
        letters = _letters(self.recognition.words)
        return _letters(word for word in self.recognition.words if word.confidence >= _SURE_WORD) / max(letters, 1)

    def beats(self, other: Self) -> bool:
        """Whether it is clearly better: what is sure less what is not, in letters; more text is not always better."""
        mine, others = _letters(self.recognition.words), _letters(other.recognition.words)
        gain = mine * (2 * self.sure - 1) - others * (2 * other.sure - 1)
        return gain > _LEAST_GAIN[self.manner.segmentation] * others


def attempts(page: PageImage, languages: str, quality: Quality, engine: OcrEngine, ends: float) -> Iterator[Attempt]:
    """Readings of a page: the first at once, others when they are asked for and while there is time until `ends`.

    Raises a PageError for the first; what goes wrong later ends the readings.
    """
    ready = prepared(page, languages, enlarge=quality is not Quality.FAST)
    manner = Manner(Segmentation.AUTO if ready.columns else Segmentation.COLUMN, inverse=ready.inverse)
    started = time.monotonic()
    first = _read(ready, manner, languages, engine, ends)
    took = time.monotonic() - started
    yield first
    with suppress(PageError):
        for other, how in _others(ready, first):
            if ends - time.monotonic() < _ROOM * took:
                return
            yield _read(other, how, languages, engine, ends)


def read_in_tries(page: PageImage, languages: str, quality: Quality, engine: OcrEngine, ends: float) -> Attempt:
    """The best reading of a page. Raises a PageError."""
    tries = attempts(page, languages, quality, engine, ends)
    best = next(tries)
    for _ in range(_MORE_TRIES[quality]):
        if best.sure >= _SURE_READING:
            break
        other = next(tries, best)
        best = other if other.beats(best) else best
    return best


def _read(ready: Prepared, manner: Manner, languages: str, engine: OcrEngine, ends: float) -> Attempt:
    """One recognition, its words back where they stand on the page."""
    seconds = max(ends - time.monotonic(), _LEAST_SECONDS)
    read = _tidied(engine.recognise(ready.page, languages, seconds, manner))
    placement = ready.placement
    if placement.changes_nothing:
        return Attempt(read, 0, 0.0, manner)
    words = tuple(map(placement.on_the_page, read.words))
    return Attempt(replace(read, words=words), placement.rotation, placement.skew, manner)


def _tidied(read: Recognition) -> Recognition:
    """A reading without dirt, and with the markers of its lists in their lines; its own text where nothing changes."""
    words = with_markers(without_specks(read.words))
    return read if words == read.words else replace(read, text=plain_text(words), words=words)


def _others(ready: Prepared, first: Attempt) -> Iterator[tuple[Prepared, Manner]]:
    """What else may read a page better, the likeliest first; nothing where there are neither letters nor words."""
    if ready.lie is None and not first.recognition.words:
        return
    if first.sure < _NONSENSE and ready.lie is not None:
        for turn in ready.lie.likely(besides=ready.placement.rotation):
            yield ready.turned_by(turn), first.manner
    yield ready, Manner(Segmentation.BLOCK)
    if ready.levelled.image.mode == "L":
        yield ready.in_even_light(), replace(first.manner, inverse=True)
    yield ready, Manner(Segmentation.SPARSE)


def _letters(words: Iterable[Word]) -> int:
    return sum(len(word.text) for word in words)

"""A second opinion on a page: lines of which the first reading is unsure, or has nothing, are read by other means."""

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr_platform.errors import RecognitionFailed
from ocr_platform.models import Word, WordSource
from ocr_platform.ocr.confidence import Basis, likelihood
from ocr_platform.ocr.engines import Recognition
from ocr_platform.ocr.engines.lines import SeenLine
from ocr_platform.ocr.merging import alone, merge
from ocr_platform.ocr.turning import turned_image, turned_word

Corners = NDArray[np.float32]

# Models whose letters the second reader can write, so that nothing is lost when its word is taken; it knows Latin
# letters with all the accents of these languages, and no broken letters (Fraktur), no Greek, Cyrillic or Vietnamese.
_WRITABLE = frozenset(
    """afr cat ces dan deu eng enm est eus fao fil fin fra frm fry gla gle glg hat hrv hun ind isl ita ita_old jav lat
    lav lit ltz mlt msa nld nor oci pol por que ron slk slv spa spa_old sqi srp_latn sun swa swe tur uzb cym bre cos
    epo Latin script/Latin""".split()  # noqa: SIM905  a list of words is easier to read and to check
)
# A line is read again when a word on it is less likely to be right than this, or when this share of its length has no
# word of the first reading. Over the corpus word recall is 0.861 with the bare lines alone, 0.892 with 0.33 here, 0.900
# with 0.64 and 0.904 with this, for 0.8, 1.8, 2.6 and 3.2 seconds of CPU a page.
_SURE = 0.81
_BARE = 0.4
_ON_LINE = 0.5  # of the lower one of a word and a line: it stands on the line
_PERCENT = 100
_FULL_TURN = 360
# The budget of a page, in seconds of wall time, and what is always left of the page's own time limit.
_SECONDS, _SPARE_SECONDS = 30.0, 2.0


class LineReader(Protocol):
    """A recogniser that finds lines first, and then reads those that it is given."""

    def detect(self, image: Image.Image) -> list[Corners]:
        """Lines of a page, four corners each, in pixels. Raises RecognitionFailed."""
        ...

    def recognise(self, image: Image.Image, lines: Sequence[Corners]) -> Iterator[list[SeenLine]]:
        """Read those lines, some at a time. Raises RecognitionFailed."""
        ...


def second_opinion(
    image: Image.Image, read: Recognition, languages: str, reader: LineReader | None, ends: float, rotation: int = 0
) -> Recognition:
    """The reading with calibrated confidences; merged with a second one where `reader` is given and can help.

    Words stand where the image shows them; `rotation` is by how many degrees, clockwise, it has to be turned to stand
    upright. Lines for which there is no time before `ends` (monotonic) stay as they were, and so does the whole page
    when the second reader fails.
    """
    if reader is None or not _WRITABLE.issuperset(languages.split("+")):
        return Recognition(read.text, alone(read.words))
    if rotation:
        upright = turned_image(image, rotation)
        words = tuple(turned_word(word, rotation, *image.size) for word in read.words)
        found = second_opinion(upright, Recognition(read.text, words), languages, reader, ends)
        back = tuple(turned_word(word, _FULL_TURN - rotation, *upright.size) for word in found.words)
        return Recognition(found.text, back, found.disputed)
    ends = min(ends - _SPARE_SECONDS, time.monotonic() + _SECONDS)
    try:
        unsure = [corners for corners in reader.detect(image) if is_unsure(read.words, corners)]
        lines: list[SeenLine] = []
        if unsure and time.monotonic() < ends:
            for some in reader.recognise(image, unsure):
                lines.extend(some)
                if time.monotonic() >= ends:
                    break
        merged = merge(read.words, lines)
    except (RecognitionFailed, MemoryError):
        return Recognition(read.text, alone(read.words))
    return Recognition(read.text if merged.text is None else merged.text, merged.words, merged.disputed)


def is_unsure(words: Sequence[Word], corners: Corners) -> bool:
    """Whether a line is worth a second look."""
    left, top = (float(side) for side in corners.min(axis=0))
    right, bottom = (float(side) for side in corners.max(axis=0))
    covered = 0.0
    for word in words:
        across = min(word.top + word.height, bottom) - max(word.top, top)
        along = min(word.left + word.width, right) - max(word.left, left)
        if along <= 0 or across < _ON_LINE * min(word.height, bottom - top):
            continue
        if word.source is not WordSource.TEXT and likelihood(Basis.ALONE, word.confidence / _PERCENT) < _SURE:
            return True
        covered += along
    return covered < (1 - _BARE) * (right - left)

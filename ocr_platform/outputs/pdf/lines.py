"""Where the words of a line stand: its direction, the baseline and the size of its letters."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ocr_platform.layout import runs_from_right
from ocr_platform.models import Word
from ocr_platform.outputs.pdf.font import ASCENT, DESCENT, UNITS

# How far letters reach, in parts of the font's size: what an x, a capital and the tail of a p measure in common print.
_X_HEIGHT, _CAPITAL, _TAIL = 0.50, ASCENT / UNITS - 0.05, -DESCENT / UNITS
_LOW = frozenset("acemnorsuvwxzäöüàáâèéêìíòóôùúûñ.,:;-\u2013\u2014_~«»=+")
_TAILED = frozenset("gjpqyçþýÿQ,;()[]{}|/\\§@$\u017f_")
_FLAT = frozenset("-\u2013\u2014~=+*'\"`\xb4°^·•.…")  # these say nothing of a line's height

_LEANING = 0.3  # degrees; a slope below this is the boxes' own noise
_STEEPEST = 30.0  # degrees beyond which a box does not tell how long and how high its word is
_WORDS_FOR_SLOPE = 4
_LETTERS = 3  # from so many on, a word that stands upright is wider than high
_TALL = 1.5
_ALIKE = 0.25  # of the size: a word that stands this near to its line's baseline is on it
_LARGER = 1.7  # times the line's size: a word that has a size of its own, such as an initial


@dataclass(frozen=True, slots=True)
class Placed:
    """A word in the direction of its line: where it begins, its length, baseline and size, in pixels.

    `along` and `baseline` are coordinates in the system that is turned by the line's `angle`.
    """

    word: Word
    along: float
    length: float
    baseline: float
    size: float


@dataclass(frozen=True, slots=True)
class Line:
    """Words that share a direction: `angle` in degrees, counter-clockwise, from the page's lower edge."""

    angle: float
    words: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class _Extent:
    along: float
    length: float
    low: float
    height: float


def placed(words: Sequence[Word], page_height: int, skew: float) -> Line:
    """Put the words of one line, which share a rotation, on a baseline.

    `skew` is the page's own, by which it has to be turned clockwise beside the rotation. Where the page does not know
    of one, the words' own boxes tell how their line leans.
    """
    rotation = words[0].rotation or _turned(words)
    base = rotation + skew
    extents = [_extent(word, rotation, page_height, base, skew) for word in words]
    slope = _slope(words, extents)
    if slope:
        extents = [_extent(word, rotation, page_height, base + slope, skew + slope) for word in words]
    sizes = [_size(word, extent) for word, extent in zip(words, extents, strict=True)]
    size = _common_size(words, sizes)
    bottoms = [_baseline(word, extent, size) for word, extent in zip(words, extents, strict=True)]
    common = statistics.median(bottoms)
    return Line(
        base + slope,
        tuple(
            _on_line(word, extent, own, bottom, size, common)
            for word, extent, own, bottom in zip(words, extents, sizes, bottoms, strict=True)
        ),
    )


def _on_line(word: Word, extent: _Extent, own: float, bottom: float, size: float, common: float) -> Placed:
    """A word with its line's size and baseline, unless it is plainly of another size or stands elsewhere."""
    if extent.height > _LARGER * size:
        return Placed(word, extent.along, extent.length, _baseline(word, extent, own), own)
    baseline = common if abs(bottom - common) <= _ALIKE * size else bottom
    return Placed(word, extent.along, extent.length, baseline, size)


def _turned(words: Sequence[Word]) -> int:
    """The rotation of a line that stands otherwise than its page, by its words' boxes; recognisers do not tell it."""
    first, last = words[0], words[-1]
    across = (last.left + last.width / 2) - (first.left + first.width / 2)
    down = (last.top + last.height / 2) - (first.top + first.height / 2)
    telling = [word for word in words if len(word.text) >= _LETTERS]
    width, height = (sum(getattr(word, side) for word in telling) for side in ("width", "height"))
    if len(words) > 1 and height > _TALL * width and abs(down) > abs(across):
        return 270 if down > 0 else 90
    backwards = len(words) >= _WORDS_FOR_SLOPE and across < 0 and abs(across) > _TALL * abs(down)
    return 180 if backwards and not runs_from_right([word.text for word in words]) else 0


def _extent(word: Word, rotation: int, page_height: int, angle: float, lean: float) -> _Extent:
    """A word's length and height along its line, from the upright box around it.

    A rectangle of length l and height h that leans by t has a box of l cos t + h sin t by l sin t + h cos t.
    """
    wide, high = float(max(word.width, 1)), float(max(word.height, 1))
    if rotation in (90, 270):
        wide, high = high, wide
    if 0 < abs(lean) <= _STEEPEST:
        cos, sin = math.cos(math.radians(lean)), math.sin(math.radians(abs(lean)))
        length = (wide * cos - high * sin) / (cos * cos - sin * sin)
        height = (high * cos - wide * sin) / (cos * cos - sin * sin)
        # A box that is too flat for the slope was cut, or the word leans otherwise: it keeps half of what it has.
        wide, high = max(length, wide / 2), max(height, high / 2)
    turn = math.radians(angle)
    x, y = word.left + word.width / 2, page_height - word.top - word.height / 2
    along = x * math.cos(turn) + y * math.sin(turn)
    across = y * math.cos(turn) - x * math.sin(turn)
    return _Extent(along - wide / 2, wide, across - high / 2, high)


def _slope(words: Sequence[Word], extents: Sequence[_Extent]) -> float:
    """By how many degrees the line rises in the direction that it is thought to have; 0 where that is not sure.

    The median of the slopes between words far apart (after Theil and Sen), of their baselines.
    """
    if len(words) < _WORDS_FOR_SLOPE:
        return 0.0
    size = statistics.median(extent.height for extent in extents)
    points = [
        (each.along + each.length / 2, each.low + _tail(word) * size) for word, each in zip(words, extents, strict=True)
    ]
    half = len(points) // 2
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for earlier, later in zip(points, points[half:], strict=False)
        if abs(later[0] - earlier[0]) > size
    ]
    if len(slopes) < _WORDS_FOR_SLOPE // 2:
        return 0.0
    slope = math.degrees(math.atan(statistics.median(slopes)))
    return slope if _LEANING <= abs(slope) <= _STEEPEST / 2 else 0.0


def _tail(word: Word) -> float:
    return _TAIL if (not word.text.isascii() and not _known(word.text)) or _TAILED.intersection(word.text) else 0.0


def _known(text: str) -> bool:
    """Whether the letters are of scripts whose letters reach as far as Latin ones: up to Cyrillic."""
    return max(text) < "\u0530"


def _reach(word: Word) -> float:
    """How high a word's ink is, in parts of its font's size."""
    if not _known(word.text):
        return 1.0
    top = _X_HEIGHT if _LOW.issuperset(word.text) else _CAPITAL
    return top + _tail(word)


def _size(word: Word, extent: _Extent) -> float:
    return extent.height / _reach(word)


def _common_size(words: Sequence[Word], sizes: Sequence[float]) -> float:
    telling = [size for word, size in zip(words, sizes, strict=True) if not _FLAT.issuperset(word.text)]
    return statistics.median(telling or sizes)


def _baseline(word: Word, extent: _Extent, size: float) -> float:
    if _FLAT.issuperset(word.text):
        return extent.low  # a dash floats; the line's baseline will be taken where it is near
    return extent.low + _tail(word) * min(size, extent.height)

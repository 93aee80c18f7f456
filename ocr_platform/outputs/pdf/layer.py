"""The text layer of a page: invisible words over their ink, as operators of a content stream."""

import math
import statistics
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from ocr_platform.layout import runs_from_right
from ocr_platform.models import PageResult, Word
from ocr_platform.outputs.pdf.codes import Codes, printable
from ocr_platform.outputs.pdf.direction import as_seen
from ocr_platform.outputs.pdf.font import UNITS, USUAL, WIDTHS
from ocr_platform.outputs.pdf.lines import Line, Placed, placed
from ocr_platform.outputs.pdf.spacing import spaces_after

INVISIBLE = 3  # text rendering mode: neither filled nor stroked (ISO 32000-1, 9.3.6)
_QUARTER = 90
_STEPS = 5.0  # degrees; beyond, a word that stands upright is too far from the ends of its ink
_SPACE = 0.15  # times the size, at least: Poppler joins words that stand nearer, whatever is between them
_NEAR = 30  # thousandths of an em: a word that begins this near to the end of what is before it needs no move
_AWAY = 2.0  # times the size of the letters
_ALIKE = 0.2  # lines of a block whose sizes differ by less have one size, by which readers tell a column

# A word, and how far a space reaches that follows it; None where none does.
_Spaced = tuple[Placed, float | None]


def text_layer(page: PageResult, wanted: Iterable[bool], codes: Codes, font: str) -> bytes:
    """The words of a page that are `wanted`, in reading order; empty without any.

    Coordinates are pixels from the lower left corner of the page as it is shown; `font` is the name of the resource.
    """
    spaces = spaces_after(page.text, page.words)
    chosen = [
        (word, space)
        for word, space, want in zip(page.words, spaces, wanted, strict=True)
        if want and printable(word.text)
    ]
    if not chosen:
        return b""
    lines = _lines(page, chosen)
    operators = ["BT", f"{INVISIBLE} Tr"]
    sizes = _Sizes(font)
    for line, spaced in lines:
        operators.extend(_shown(line, spaced, codes, sizes))
    operators.append("ET\n")
    return "\n".join(operators).encode("ascii")


class _Sizes:
    """Writes the operator for a font size where it changes."""

    def __init__(self, font: str) -> None:
        self._font = font
        self._last = ""

    def operator(self, size: float) -> str:
        now = _number(size)
        if now == self._last:
            return ""
        self._last = now
        return f"/{self._font} {now} Tf "


def _lines(page: PageResult, chosen: Sequence[tuple[Word, bool]]) -> list[tuple[Line, list[bool]]]:
    """Words by lines, the lines of a block in one size where they nearly are."""
    found: list[tuple[Line, list[bool]]] = []
    for _block, of_block in groupby(chosen, key=lambda each: (each[0].block, each[0].rotation)):
        lines = []
        for _line, of_line in groupby(of_block, key=lambda each: (each[0].paragraph, each[0].line)):
            some = list(of_line)
            line = placed([word for word, _ in some], page.height, page.skew)
            lines.append((line, [space for _, space in some]))
        size = statistics.median(word.size for line, _ in lines for word in line.words)
        found.extend((_in_size(line, size), spaced) for line, spaced in lines)
    return found


def _in_size(line: Line, size: float) -> Line:
    words = tuple(
        Placed(each.word, each.along, each.length, each.baseline, size)
        if abs(each.size - size) <= _ALIKE * size
        else each
        for each in line.words
    )
    return Line(line.angle, words)


def _shown(line: Line, spaced: Sequence[bool], codes: Codes, sizes: _Sizes) -> Iterator[str]:
    """The operators of a line: where it begins and how it is turned, then its words with the spaces between them."""
    upright = round(line.angle / _QUARTER) * _QUARTER
    steps = 0 < abs(line.angle - upright) <= _STEPS
    axes = math.radians(upright if steps else line.angle)
    cos, sin = math.cos(axes), math.sin(axes)
    at: tuple[float, float] | None = None
    size = 0.0
    for run in _runs(line, spaced, steps=steps):
        size = run[0][0].size
        here = _beginning(run[0][0], line.angle - math.degrees(axes))
        if at is None:
            x, y = here[0] * cos - here[1] * sin, here[0] * sin + here[1] * cos
            matrix = f"{_number(cos, 5)} {_number(sin, 5)} {_number(-sin, 5)} {_number(cos, 5)}"
            yield f"{matrix} {_number(x)} {_number(y)} Tm"
            move = ""
        else:
            move = f"{_number(here[0] - at[0])} {_number(here[1] - at[1])} Td "
        yield f"{sizes.operator(size)}{move}[{_run(run, size, codes)}] TJ"
        at = here
    if steps and at is not None and line.angle < upright:
        # PDFium takes what begins near the end of a falling line for its continuation, and sorts the two into one
        # another, unless something stands between them at another height: a space does.
        yield f"0 {_number(_AWAY * size)} Td <{codes.encoded(' ', USUAL)}> Tj"


def _runs(line: Line, spaced: Sequence[bool], *, steps: bool) -> Iterator[list[_Spaced]]:
    """Words that one operator shows: those of a line that share size and baseline.

    On a line that leans a little each word stands upright on a step of its own: Poppler takes a word apart whose
    letters climb by more than half a point. Words from the right go one by one, too: they are read from right to left,
    and an operator shows what it has from left to right.
    """
    if runs_from_right([each.word.text for each in line.words]):
        yield from _runs_from_right(line.words, spaced)
        return
    ends = [each.along if space else None for each, space in zip(line.words[1:], spaced, strict=False)]
    words = zip(line.words, [*ends, None], strict=True)
    for _, alike in groupby(words, key=lambda each: (each[0].size, each[0].along if steps else each[0].baseline)):
        yield list(alike)


def _runs_from_right(words: Sequence[Placed], spaced: Sequence[bool]) -> Iterator[list[_Spaced]]:
    """Each word by itself; the space that follows it stands at its left, where an operator begins."""
    for word, space, following in zip(words, spaced, [*words[1:], None], strict=True):
        end = following.along + following.length if following is not None else math.inf
        if space and end < word.along:
            blank = Placed(replace(word.word, text=" "), end, word.along - end, word.baseline, word.size)
            yield [(blank, None), (word, None)]
        else:
            yield [(word, None)]


def _beginning(word: Placed, lean: float) -> tuple[float, float]:
    """Where a word begins, along and across the axes that its line leans against, so that its middle is on the line."""
    turn, half = math.radians(lean), word.length / 2
    along = (word.along + half) * math.cos(turn) - word.baseline * math.sin(turn)
    return along - half, (word.along + half) * math.sin(turn) + word.baseline * math.cos(turn)


def _run(words: Sequence[_Spaced], size: float, codes: Codes) -> str:
    """The operand of TJ for words of one size on one baseline: codes, and between them how far to go on."""
    parts = []
    pen = words[0][0].along
    for word, end in words:
        gap = (pen - word.along) / size * UNITS
        if abs(gap) > _NEAR:
            parts.append(_number(gap, 0))
            pen = word.along
        length = word.length
        if end is not None:
            length = min(length, max(end - pen - _SPACE * size, length / 2))
        shown, length = _fitted(as_seen(printable(word.word.text)), length, size, codes)
        pen += length
        if end is not None:
            blank, length = _fitted(" ", end - pen, size, codes)
            shown += blank
            pen += length
        parts.append(f"<{shown}>")
    return "".join(parts)


def _fitted(text: str, length: float, size: float, codes: Codes) -> tuple[str, float]:
    """The codes that make a text so many pixels long, hardly less and never more, and how long they make it."""
    wanted = length / size * UNITS
    index = min(max(bisect_right(WIDTHS, wanted / len(text)) - 1, 0), len(WIDTHS) - 2)
    narrow, wide = WIDTHS[index], WIDTHS[index + 1]
    wider = min(max(int((wanted - narrow * len(text)) / (wide - narrow)), 0), len(text))
    split = len(text) - wider
    shown = codes.encoded(text[:split], index) + codes.encoded(text[split:], index + 1)
    return shown, (narrow * split + wide * wider) * size / UNITS


def _number(value: float, digits: int = 2) -> str:
    """As short as it can be written; PDF knows no exponents."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text

"""Lines, paragraphs, blocks and the order of reading, from where words stand.

A page is cut along its empty strips, from side to side where what is on both sides are columns of print, and else from
top to bottom (the X-Y cut of Nagy and Seth, 1984). Cells of a table are no columns: a row stays one line.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from math import ceil
from operator import attrgetter
from statistics import median

from ocr_platform.layout import runs_from_right, turned_box
from ocr_platform.models import Word, WordSource
from ocr_platform.ocr.frame import Box
from ocr_platform.ocr.pdf_text import Piece

# All in heights of a line, the median of what is cut.
_BREAK = 2.0  # words of one line that are so far apart belong to neighbouring columns or cells
_GUTTER = 0.7  # the least distance of two columns
_NEW_BLOCK = 0.75  # empty space above a block, and that below which lines are of one paragraph
_INDENT = 0.8  # by which the first line of a paragraph stands out
# Columns of print have so many letters in a line, and lines; less is a table, or a form.
_COLUMN_LETTERS, _COLUMN_LINES = 12, 3
_MAX_CUTS = 12  # one within another
_HALF = 0.5
_ROTATION = attrgetter("rotation")


@dataclass(slots=True)
class _Fragment:
    """Words that follow one another on one line, in the order of the document; the box in the frame of reading."""

    pieces: list[Piece]
    left: float
    top: float
    right: float
    bottom: float

    def takes(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Whether a word that stands there goes on with this; if so, the box is that of both."""
        reach = _BREAK * (bottom - top)
        if left - self.right >= reach or self.left - right >= reach or bottom <= self.top or top >= self.bottom:
            return False
        self.left = min(self.left, left)
        self.top = min(self.top, top)
        self.right = max(self.right, right)
        self.bottom = max(self.bottom, bottom)
        return True

    @property
    def letters(self) -> int:
        return sum(len(piece.text) for piece in self.pieces)


_Line = list[Piece]
_Paragraph = list[_Line]
_Block = list[_Paragraph]


def arranged(pieces: Sequence[Piece], width: int, height: int, confidence: float) -> tuple[Word, ...]:
    """Words of a page of this size in the order of reading; those that stand otherwise than most come behind."""
    words: list[Word] = []
    block_number = 0
    rotations = _rotations(pieces)
    for rotation in rotations:
        own = pieces if len(rotations) == 1 else [piece for piece in pieces if piece.rotation == rotation]
        for block in _blocks(own, _upright(rotation, width, height)):
            block_number += 1
            words.extend(_words(block, block_number, confidence))
    return tuple(words)


def main_rotation(pieces: Iterable[Piece]) -> int:
    """By how much the page has to be turned for most letters to stand upright; 0 without any."""
    return next(iter(_rotations(pieces)), 0)


def _rotations(pieces: Iterable[Piece]) -> list[int]:
    letters: Counter[int] = Counter()
    for rotation, group in groupby(pieces, key=_ROTATION):
        letters[rotation] += sum(len(piece.text) for piece in group)
    return sorted(letters, key=lambda rotation: -letters[rotation])


def _upright(rotation: int, width: int, height: int) -> Callable[[Box], Box]:
    """What turns a box of the page with the page, clockwise."""
    return partial(_turned, rotation, width, height) if rotation else lambda box: box


def _turned(rotation: int, width: int, height: int, box: Box) -> Box:
    return turned_box(*box, rotation, width, height)


def _words(block: _Block, number: int, confidence: float) -> Iterator[Word]:
    for paragraph_number, paragraph in enumerate(block, 1):
        for line_number, line in enumerate(paragraph, 1):
            for piece in line:
                yield _word(piece, confidence, number, paragraph_number, line_number)


def _word(piece: Piece, confidence: float, block: int, paragraph: int, line: int) -> Word:
    left, top, right, bottom = piece.box
    x, y = int(left), int(top)
    width, height = ceil(right) - x, ceil(bottom) - y
    text, rotation = piece.text, piece.rotation
    return Word(text, x, y, width, height, confidence, block, paragraph, line, WordSource.TEXT, rotation)


def _blocks(pieces: Sequence[Piece], upright: Callable[[Box], Box]) -> Iterator[_Block]:
    fragments = list(_fragments(pieces, upright))
    for region in _cut(fragments, _MAX_CUTS):
        yield from _paragraphs(_lines(region))


def _fragments(pieces: Iterable[Piece], upright: Callable[[Box], Box]) -> Iterator[_Fragment]:
    """Words that the document has side by side, whichever way they are read."""
    current: _Fragment | None = None
    run = -1
    for piece in pieces:
        left, top, right, bottom = upright(piece.line)
        if current is not None and piece.run == run and current.takes(left, top, right, bottom):
            current.pieces.append(piece)
            continue
        if current is not None:
            yield current
        current, run = _Fragment([piece], left, top, right, bottom), piece.run
    if current is not None:
        yield current


def _cut(fragments: list[_Fragment], cuts: int) -> Iterator[list[_Fragment]]:
    """Regions in the order of reading, each with nothing beside it."""
    if len(fragments) <= 1 or cuts == 0:
        if fragments:
            yield fragments
        return
    size = median(each.bottom - each.top for each in fragments)
    columns = _columns(fragments, size)
    parts = columns if len(columns) > 1 else _bands(fragments, size)
    if len(parts) == 1:
        yield fragments
        return
    for part in parts:
        yield from _cut(part, cuts - 1)


def _columns(fragments: list[_Fragment], size: float) -> list[list[_Fragment]]:
    """Parts from left to right, where they are columns of print; else all in one."""
    parts = _parted(fragments, lambda each: each.left, lambda each: each.right, _GUTTER * size)
    if len(parts) == 1 or not all(map(_is_print, parts)):
        return [fragments]
    return parts


def _is_print(part: list[_Fragment]) -> bool:
    """Whether lines are as long as those of running text; a few short ones are a list, or cells."""
    return len(part) >= _COLUMN_LINES and sum(each.letters for each in part) >= _COLUMN_LETTERS * len(part)


def _bands(fragments: list[_Fragment], size: float) -> list[list[_Fragment]]:
    """Parts from top to bottom, at the widest empty strip alone: what is below may be columns."""
    parts = _parted(fragments, lambda each: each.top, lambda each: each.bottom, 0)
    if len(parts) == 1:
        return parts
    feet = [max(each.bottom for each in part) for part in parts]
    gaps = [min(each.top for each in below) - foot for below, foot in zip(parts[1:], feet, strict=False)]
    widest = max(gaps)
    if widest < _NEW_BLOCK * size:
        return [fragments]
    at = gaps.index(widest) + 1
    return [[each for part in half for each in part] for half in (parts[:at], parts[at:])]


def _parted(
    fragments: list[_Fragment], start: Callable[[_Fragment], float], end: Callable[[_Fragment], float], gap: float
) -> list[list[_Fragment]]:
    """Fragments between empty strips of more than `gap`, in order along one axis."""
    parts: list[list[_Fragment]] = []
    reached = float("-inf")
    for each in sorted(fragments, key=start):
        if not parts or start(each) - reached > gap:
            parts.append([])
        parts[-1].append(each)
        reached = max(reached, end(each))
    return parts


def _lines(region: list[_Fragment]) -> list[list[_Fragment]]:
    """Fragments side by side as lines, from top to bottom, each from left to right."""
    lines: list[list[_Fragment]] = []
    for each in sorted(region, key=lambda each: (each.top + each.bottom, each.left)):
        if lines:
            last = lines[-1][-1]
            overlap = min(each.bottom, last.bottom) - max(each.top, last.top)
            if overlap > _HALF * min(each.bottom - each.top, last.bottom - last.top):
                lines[-1].append(each)
                continue
        lines.append([each])
    for line in lines:
        line.sort(
            key=lambda each: each.left, reverse=runs_from_right(piece.text for each in line for piece in each.pieces)
        )
    return lines


def _paragraphs(lines: list[list[_Fragment]]) -> Iterator[_Block]:
    """Lines as blocks of paragraphs: an empty strip begins a block, an indented line a paragraph."""
    block: _Block = []
    before: list[_Fragment] | None = None
    for line in lines:
        words = [piece for each in line for piece in each.pieces]
        height = line[0].bottom - line[0].top
        if before is None or line[0].top - max(each.bottom for each in before) > _NEW_BLOCK * height:
            if block:
                yield block
            block = [[words]]
        elif line[0].left - before[0].left > _INDENT * height:
            block.append([words])
        else:
            block[-1].append(words)
        before = line
    if block:
        yield block

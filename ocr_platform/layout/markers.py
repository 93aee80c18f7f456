"""Numbers and bullets that were read as a column of their own go back to the lines that they count.

A recogniser takes what stands apart in the margin of a numbered list or of a contract for a column, and gives its
numbers first and the lines that they belong to afterwards.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ocr_platform.layout.tables import regions
from ocr_platform.layout.tree import Block, Box, Line, tree_of, upright
from ocr_platform.models import Word

# A number, a letter or a roman number with what ends it, or a bullet. Bare numbers count the lines of a page, and not
# the entries of a list: they stay out of its text.
_MARKER = re.compile(r"[(\[]?(\d{1,4}|[^\W\d_]|[ivxlcIVXLC]{1,5})[.):\]]|[•·∙◦▪■□●○–—*+-]")  # noqa: RUF001
# Others may be in such a column when they are as short: a number that was misread, with a speck beside it.
_MOST_LETTERS, _MOST_WORDS = 6, 2
# Chosen by made layouts (tests/unit/layout) and looked at on numbered lists and transcripts of hearings.
_LEAST_SHARE = 0.6  # of a block's lines are markers
_LEAST_MARKERS = 2  # on a page: one alone is no list
_GAP = 6.0  # as many line heights part a marker from its line at most
_LEAST_LINE_WORDS = 2
# Every marker is compared with every other line.
_MOST_LINES = 1000

# A line of a page: block, paragraph and line.
_Place = tuple[int, int, int]


def with_markers(words: Sequence[Word]) -> tuple[Word, ...]:
    """Words with each marker in front of its line; those of tables stay in their column, and so does all else."""
    blocks = tree_of(words)
    lines = dict(_places(blocks))
    if len(lines) > _MOST_LINES:
        return tuple(words)
    markers = dict(_places(tuple(_columns(blocks))))
    others = {place: line for place, line in lines.items() if place not in markers}
    moved = {place: home for place, line in markers.items() if (home := _home(line, others)) is not None}
    return tuple(_put_together(lines, moved)) if len(moved) >= _LEAST_MARKERS else tuple(words)


def _places(blocks: Sequence[Block]) -> Iterator[tuple[_Place, Line]]:
    for block in blocks:
        for paragraph in block.paragraphs:
            for line in paragraph.lines:
                yield (block.number, paragraph.number, line.number), line


def _columns(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks that are columns of markers and no column of a table."""
    if not any(map(_is_column, blocks)):
        return
    for region in regions(blocks):
        if region.columns == 1 and _is_column(region.blocks[0]):
            yield region.blocks[0]


def _is_column(block: Block) -> bool:
    lines = block.lines
    if any(
        len(line.words) > _MOST_WORDS or sum(len(word.text) for word in line.words) > _MOST_LETTERS for line in lines
    ):
        return False
    return sum(any(map(_is_marker, line.words)) for line in lines) >= _LEAST_SHARE * len(lines)


def _is_marker(word: Word) -> bool:
    return _MARKER.fullmatch(word.text) is not None


def _home(marker: Line, lines: dict[_Place, Line]) -> _Place | None:
    """The nearest line that begins right of a marker, at its height."""
    box = upright(marker.box, marker.rotation)
    beside = [
        (gap, other)
        for other, line in lines.items()
        if len(line.words) >= _LEAST_LINE_WORDS and line.rotation == marker.rotation
        if (gap := _gap(box, upright(line.box, line.rotation))) is not None
    ]
    return min(beside)[1] if beside else None


def _gap(marker: Box, line: Box) -> int | None:
    """How many pixels part a marker from a line; None when it is not the line's."""
    gap = line.left - marker.right
    if gap < -marker.height or gap > _GAP * line.height or line.left < marker.left:
        return None
    middle = (marker.top + marker.bottom) / 2  # a dash stands on no baseline
    return gap if line.top <= middle <= line.bottom else None


def _put_together(lines: dict[_Place, Line], moved: dict[_Place, _Place]) -> Iterator[Word]:
    before: dict[_Place, list[Word]] = {}
    for place, home in moved.items():
        before.setdefault(home, []).extend(lines[place].words)
    for place, line in lines.items():
        if place in moved:
            continue
        block, paragraph, number = place
        for word in sorted(before.get(place, []), key=lambda each: each.left):
            yield replace(word, block=block, paragraph=paragraph, line=number)
        yield from line.words

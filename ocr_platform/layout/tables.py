"""Blocks that stand side by side and share their baselines: columns of a table, and not of running text.

A recogniser gives the columns of a table one after the other, as it does with the columns of a newspaper. A table is
read by its rows and a newspaper by its columns. Telling one from the other looks at the words: cells are short, or
figures; lines of running text have many words, few of them figures.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from ocr_platform.layout.direction import runs_from_right
from ocr_platform.layout.tree import Block, Box, Line, around, upright

# Chosen by made layouts (tests/unit/layout), and looked at on scans of receipts, forms and newspapers.
_SHARED = 0.7  # of the lines of the shorter column have a neighbour on their baseline
_OFF_BASELINE = 0.5  # of a line's height: further apart, two lines are no neighbours
_CELL_WORDS = 2.5  # words a line: up to so many, a column is one of cells
_FIGURES = 0.5  # of the words have a digit: a column of cells whatever its length
_PROSE_WORDS = 5  # words a line, and
_PROSE_LINES = 4  # so many lines: running text, which is never a column of a table
# Every block is compared with every other. No page of a document has so many, and one that was made to has no tables.
_MOST_BLOCKS = 300


@dataclass(frozen=True, slots=True)
class Row:
    """Lines that share a baseline, in reading order: one line of a block, or a row of a table with a line a cell."""

    cells: tuple[Line, ...]
    columns: tuple[int, ...] = (0,)  # which column of its region each cell belongs to


@dataclass(frozen=True, slots=True)
class Region:
    """A block, or blocks that are the columns of one table; `columns` says how many there are."""

    blocks: tuple[Block, ...]
    columns: int
    rows: tuple[Row, ...]


def regions(blocks: Sequence[Block]) -> Iterator[Region]:
    """Blocks in their order, with the columns of each table together where none of the others loses its place."""
    places = list(range(len(blocks)))
    waiting = [members for members in _tables(blocks) if len(members) > 1]
    # A table that found its place may clear the way for another.
    while settled := [members for members in waiting if _settle(blocks, members, places)]:
        waiting = [members for members in waiting if members not in settled]
    together: dict[int, list[Block]] = {}
    for at, block in enumerate(blocks):
        together.setdefault(places[at], []).append(block)
    for place in sorted(together):
        yield _region(together[place])


def _tables(blocks: Sequence[Block]) -> Iterator[list[int]]:
    """Positions of blocks that are columns of the same table; most blocks are by themselves."""
    left = deque(range(len(blocks)))
    while left:
        table = [left.popleft()]
        if len(blocks) <= _MOST_BLOCKS:
            # A table's column may lie beside only one of the others that were found: until none is found any more.
            while (found := _column_of(blocks, table, left)) is not None:
                left.remove(found)
                table.append(found)
        yield sorted(table)


def _column_of(blocks: Sequence[Block], table: Sequence[int], others: Iterable[int]) -> int | None:
    return next((at for at in others if any(_same_table(blocks[member], blocks[at]) for member in table)), None)


def _settle(blocks: Sequence[Block], members: Sequence[int], places: list[int]) -> bool:
    """Give a table the place of its first column, or of its last; False when others would lose theirs at both.

    What comes between them and stands above the table has to be read before it, and what stands below, behind it.
    """
    rotation = blocks[members[0]].lines[0].rotation
    table = around([upright(blocks[at].box, rotation) for at in members])
    first, last = members[0], members[-1]
    between = [upright(blocks[at].box, rotation) for at, place in enumerate(places) if first < place < last]
    beside = [box for box in between if box.left < table.right and table.left < box.right]
    if not any(box.bottom <= table.top + _OFF_BASELINE * box.height for box in beside):
        place = first
    elif not any(box.top >= table.bottom - _OFF_BASELINE * box.height for box in beside):
        place = last
    else:
        return False
    for at in members:
        places[at] = place
    return True


def _same_table(one: Block, other: Block) -> bool:
    """Whether two blocks are columns of the same table."""
    first, second = one.lines, other.lines
    if first[0].rotation != second[0].rotation:
        return False
    rotation = first[0].rotation
    here, there = upright(one.box, rotation), upright(other.box, rotation)
    if here.right > there.left and there.right > here.left:
        return False  # one below the other
    if here.bottom <= there.top or there.bottom <= here.top:
        return False
    if _prose(first) or _prose(second) or not (_cells(first) or _cells(second)):
        return False
    return _shared(first, second, rotation)


def _prose(lines: Sequence[Line]) -> bool:
    return len(lines) >= _PROSE_LINES and median(len(line.words) for line in lines) >= _PROSE_WORDS


def _cells(lines: Sequence[Line]) -> bool:
    words = [word.text for line in lines for word in line.words]
    figures = sum(any(map(str.isdigit, word)) for word in words)
    return figures >= _FIGURES * len(words) or median(len(line.words) for line in lines) <= _CELL_WORDS


def _shared(first: Sequence[Line], second: Sequence[Line], rotation: int) -> bool:
    """Whether most lines of the shorter one have a neighbour in the other."""
    fewer, more = sorted((first, second), key=len)
    boxes = [upright(line.box, rotation) for line in more]
    shared = sum(any(_neighbours(upright(line.box, rotation), box) for box in boxes) for line in fewer)
    return shared >= _SHARED * len(fewer)


def _neighbours(one: Box, other: Box) -> bool:
    return abs(one.bottom - other.bottom) < _OFF_BASELINE * min(one.height, other.height)


def _region(blocks: Sequence[Block]) -> Region:
    if len(blocks) == 1:
        return Region(tuple(blocks), 1, tuple(Row((line,)) for line in blocks[0].lines))
    rotation = blocks[0].lines[0].rotation
    ordered = sorted(blocks, key=lambda block: upright(block.box, rotation).left)
    if runs_from_right(word.text for block in blocks for line in block.lines for word in line.words):
        ordered.reverse()
    cells = [(column, line) for column, block in enumerate(ordered) for line in block.lines]
    cells.sort(key=lambda cell: upright(cell[1].box, rotation).bottom)
    rows: list[list[tuple[int, Line]]] = []
    for column, line in cells:
        last = upright(rows[-1][-1][1].box, rotation) if rows else None
        if last is not None and _neighbours(last, upright(line.box, rotation)):
            rows[-1].append((column, line))
        else:
            rows.append([(column, line)])
    return Region(tuple(ordered), len(ordered), tuple(_row(row) for row in rows))


def _row(cells: list[tuple[int, Line]]) -> Row:
    cells.sort(key=lambda cell: cell[0])
    return Row(tuple(line for _column, line in cells), tuple(column for column, _line in cells))

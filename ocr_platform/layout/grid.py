"""Tables as grids of cells, only where a page leaves no doubt that it shows one."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ocr_platform.layout.tables import Region, Row
from ocr_platform.layout.tree import Line, box_of, joined, upright
from ocr_platform.models import Word

Grid = tuple[tuple[str, ...], ...]

_LEAST_ROWS = 3
_GAP = 1.2  # of a line's height between two words of a line: wider than any space, so that a cell ends there
_ALIGNED = 1.0  # of a line's height: by so much may the edges of a column's cells differ
_CELL_WORDS = 6  # words a cell, in the middle: with more, it is text with gaps


def grid_of(region: Region) -> Grid | None:
    """The cells of a region that is a table, a row a line; None where that is not sure."""
    if region.columns > 1:
        return _of_columns(region)
    return _of_lines([row.cells[0] for row in region.rows])


def _of_columns(region: Region) -> Grid | None:
    """Blocks side by side: a row may have empty cells, and most must have two or more."""
    full = sum(len(set(row.columns)) > 1 for row in region.rows)
    if len(region.rows) < _LEAST_ROWS or 2 * full < len(region.rows):
        return None
    return tuple(_cells(row, region.columns) for row in region.rows)


def _cells(row: Row, columns: int) -> tuple[str, ...]:
    texts = [""] * columns
    for column, line in zip(row.columns, row.cells, strict=True):
        texts[column] = f"{texts[column]} {line.text}".strip()
    return tuple(texts)


def _of_lines(lines: Sequence[Line]) -> Grid | None:
    """One block, whose lines all have the same number of cells with wide gaps between, one below the other."""
    if len(lines) < _LEAST_ROWS:
        return None
    rows = [_split(line) for line in lines]
    columns = len(rows[0])
    if columns < 2 or any(len(row) != columns for row in rows):  # noqa: PLR2004  one column is a list
        return None
    if median(len(cell) for row in rows for cell in row) > _CELL_WORDS:
        return None
    if not all(_aligned([row[column] for row in rows]) for column in range(columns)):
        return None
    return tuple(tuple(joined([word.text for word in cell]) for cell in row) for row in rows)


def _split(line: Line) -> list[list[Word]]:
    """The words of a line in cells, where gaps are wide."""
    rotation = line.rotation
    cells = [[line.words[0]]]
    for before, after in pairwise(line.words):
        here, there = (upright(box_of([word]), rotation) for word in (before, after))
        if there.left - here.right > _GAP * upright(line.box, rotation).height:
            cells.append([])
        cells[-1].append(after)
    return cells


def _aligned(cells: Sequence[Sequence[Word]]) -> bool:
    """Whether the cells of a column begin, or end, below each other."""
    boxes = [upright(box_of(cell), cell[0].rotation) for cell in cells]
    most = _ALIGNED * median(box.height for box in boxes)
    return any(max(edges) - min(edges) <= most for edges in ([b.left for b in boxes], [b.right for b in boxes]))

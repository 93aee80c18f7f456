"""Whether the text of a page stands in columns: a gutter that line after line leaves free, with text on both sides."""

import numpy as np

from ocr_platform.ocr.prepare.letters import Boxes

# A row is about a line high, a column of the grid as wide as a letter; a gutter is two of these wide.
_ROW_HEIGHTS = 2.0
# Text on both sides of a gutter, in letters: a page number, a price or a bullet is no column.
_SIDE = 8
# A line that runs across ends a gutter as soon as it had fewer than so many rows for each of them.
_ACROSS = 3
_LEAST_ROWS = 4


def gutter_rows(letters: Boxes, height: int, skew: float) -> int:
    """Rows of the longest gutter on an upright page whose letters are of this height; 0 when there is none.

    `skew` is by how many degrees clockwise the page has to be turned to be straight.
    """
    boxes = letters.astype(np.float64)
    across = (boxes[:, 0] + boxes[:, 2]) / 2
    down = (boxes[:, 1] + boxes[:, 3]) / 2 + across * np.tan(np.radians(skew))
    rows = ((down - down.min()) / (_ROW_HEIGHTS * height)).astype(np.intp)
    start = boxes[:, 0].min()
    first, middle, last = (((edge - start) / height).astype(np.intp) for edge in (boxes[:, 0], across, boxes[:, 2]))
    shape = (int(rows.max()) + 1, int(last.max()) + 2)
    steps, counts = np.zeros((2, *shape), np.int64)
    np.add.at(steps, (rows, first), 1)
    np.add.at(steps, (rows, last + 1), -1)
    np.add.at(counts, (rows, middle), 1)
    taken = np.cumsum(steps, axis=1) > 0
    before = np.cumsum(counts, axis=1)[:, :-1]
    after = counts.sum(axis=1, keepdims=True) - before
    beside = (before >= _SIDE) & (after >= _SIDE)
    free = ~taken[:, :-1] & ~taken[:, 1:]
    worth = np.where(beside, np.where(free, 1, -_ACROSS), 0)
    best = run = np.zeros(worth.shape[1], np.int64)
    for row in worth:
        run = np.maximum(run + row, 0)
        best = np.maximum(best, run)
    return int(best.max(initial=0))


def in_columns(letters: Boxes, height: int, skew: float) -> bool:
    """Whether there is a gutter of several lines."""
    return gutter_rows(letters, height, skew) >= _LEAST_ROWS

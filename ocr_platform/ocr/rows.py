"""Words of a page as rows in their order of reading, so that words can be put in and the numbers come out right."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from ocr_platform.models import Word

# A row stands beneath another in the same paragraph when the gap is at most this many times its height.
_PARAGRAPH_GAP = 1.2
# A line stands beside a row when so much of the lower one's height is common, and right beside it when what parts them
# is at most so many times its height wide: less than what parts columns.
_ON_ONE_LINE, _BESIDE_GAP = 0.5, 2.0

# Left, top, right and bottom.
Box = tuple[int, int, int, int]


@dataclass(slots=True)
class Row:
    """Words on one line; `block` and `paragraph` tell it from its neighbours and need not be in order."""

    block: tuple[int, int]
    paragraph: int
    words: list[Word] = field(default_factory=list)

    @property
    def box(self) -> Box:
        """Left, top, right and bottom of all its words."""
        return (
            min(word.left for word in self.words),
            min(word.top for word in self.words),
            max(word.left + word.width for word in self.words),
            max(word.top + word.height for word in self.words),
        )

    def add(self, words: Iterable[Word]) -> None:
        """Put words in where they stand, from left to right."""
        for word in words:
            at = next((index for index, other in enumerate(self.words) if other.left > word.left), len(self.words))
            self.words.insert(at, word)


def insert_row(rows: list[Row], words: Sequence[Word]) -> None:
    """Put a line in: into the row that it continues, or as a row of its own behind the lowest that it stands under.

    Where it stands under none, it comes before a block beneath it.
    """
    new = Row((-1 - len(rows), 0), 0, sorted(words, key=lambda word: word.left))
    _left, top, _right, bottom = new.box
    boxes = [row.box for row in rows]
    beside = _continued(boxes, new.box)
    if beside is not None:
        rows[beside].add(new.words)
        return
    above = [
        (box[3], index)
        for index, box in enumerate(boxes)
        if box[3] <= (top + bottom) / 2 and _in_one_column(box, new.box)
    ]
    if not above:
        starts = (index for index in range(len(rows)) if index == 0 or rows[index].block != rows[index - 1].block)
        rows.insert(next((index for index in starts if boxes[index][1] >= bottom), len(rows)), new)
        return
    edge, index = max(above)
    before = rows[index]
    ends_block = index + 1 == len(rows) or rows[index + 1].block != before.block
    if ends_block and top - edge > _PARAGRAPH_GAP * (bottom - top):
        new.block = (before.block[0], before.block[1] + 1 + len(rows))
    else:
        new.block, new.paragraph = before.block, before.paragraph
    rows.insert(index + 1, new)


def _continued(boxes: Sequence[Box], new: Box) -> int | None:
    """The row that a line continues: what stands beside it, unless the line belongs to a column of its own."""
    beside = [(_gap(box, new), index) for index, box in enumerate(boxes) if _on_one_line(box, new)]
    if not beside:
        return None
    gap, index = min(beside)
    column = [(abs(box[1] - new[1]), box) for box in boxes if _in_one_column(box, new) and not _on_one_line(box, new)]
    near = gap <= _BESIDE_GAP * (new[3] - new[1])
    return index if near or not column or _in_one_column(min(column)[1], boxes[index]) else None


def _in_one_column(one: Box, other: Box) -> bool:
    return one[0] < other[2] and one[2] > other[0]


def _on_one_line(one: Box, other: Box) -> bool:
    common = min(one[3], other[3]) - max(one[1], other[1])
    return common >= _ON_ONE_LINE * min(one[3] - one[1], other[3] - other[1])


def _gap(one: Box, other: Box) -> int:
    return max(one[0] - other[2], other[0] - one[2])


def rows_of(words: Sequence[Word]) -> list[Row]:
    """Rows as a recogniser's numbers part them."""
    return [
        Row((block, 0), paragraph, list(group))
        for (block, paragraph, _line), group in groupby(words, lambda word: (word.block, word.paragraph, word.line))
    ]


def numbered(rows: Iterable[Row]) -> Iterator[Word]:
    """All words with blocks, paragraphs and lines counted anew, each from 1; empty rows are left out."""
    filled = [row for row in rows if row.words]
    for block, (_key, in_block) in enumerate(groupby(filled, lambda row: row.block), 1):
        for paragraph, (_number, in_paragraph) in enumerate(groupby(in_block, lambda row: row.paragraph), 1):
            for line, row in enumerate(in_paragraph, 1):
                for word in row.words:
                    yield replace(word, block=block, paragraph=paragraph, line=line)

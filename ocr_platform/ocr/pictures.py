"""What was recognised in pictures, among the words that a page brings along."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ocr_platform.models import Word
from ocr_platform.ocr.frame import Box

# A recognised word of which so much (0 to 1) lies on words of the page is one of these, or a piece of one.
_SAME = 0.4
# Words of so many letters tell whether two readings are of one page, and so many in a hundred have to agree.
_TELLING_LETTERS = 3
_AGREEING = 50

_Block = list[Word]


def shifted(words: Iterable[Word], box: Box) -> list[Word]:
    """Words of a part of a page as words of the page."""
    left, top = int(box[0]), int(box[1])
    return [replace(word, left=word.left + left, top=word.top + top) for word in words]


def merged(own: Sequence[Word], recognised: Sequence[Word]) -> tuple[Word, ...]:
    """The page's own words, and of those that were recognised the ones that stand elsewhere, in blocks of their own.

    A block is read before the first one that begins below its middle, of those in its own column if there is any.
    """
    grid = _Grid(own)
    new = [word for word in recognised if not grid.covers(word)]
    blocks = _blocks(own)
    for block in _blocks(new):
        blocks.insert(_place(block, blocks), block)
    return tuple(replace(word, block=number) for number, block in enumerate(blocks, 1) for word in block)


def agrees(own: Iterable[Word], recognised: Iterable[Word]) -> bool:
    """Whether a page's own words, which are strange, are what was recognised on it."""
    expected = [text for text in (_telling(word) for word in own) if text]
    seen = {text for text in (_telling(word) for word in recognised) if text}
    return bool(expected) and 100 * sum(text in seen for text in expected) >= _AGREEING * len(expected)


def _telling(word: Word) -> str:
    letters = "".join(filter(str.isalnum, word.text)).casefold()
    return letters if len(letters) >= _TELLING_LETTERS else ""


class _Grid:
    """Where words are, in squares, so that a word is compared with those near it."""

    _SIDE = 128

    def __init__(self, words: Iterable[Word]) -> None:
        self._squares: dict[tuple[int, int], list[Word]] = {}
        for word in words:
            for square in self._of(word):
                self._squares.setdefault(square, []).append(word)

    def covers(self, word: Word) -> bool:
        """Whether a word is one of these."""
        near = {id(other): other for square in self._of(word) for other in self._squares.get(square, ())}
        return sum(_overlap(word, other) for other in near.values()) > _SAME * word.width * word.height

    def _of(self, word: Word) -> Iterable[tuple[int, int]]:
        side = self._SIDE
        return (
            (column, row)
            for column in range(word.left // side, (word.left + word.width) // side + 1)
            for row in range(word.top // side, (word.top + word.height) // side + 1)
        )


def _overlap(one: Word, other: Word) -> int:
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    return max(0, across) * max(0, down)


def _blocks(words: Iterable[Word]) -> list[_Block]:
    blocks: dict[int, _Block] = {}
    for word in words:
        blocks.setdefault(word.block, []).append(word)
    return list(blocks.values())


def _place(block: _Block, blocks: Sequence[_Block]) -> int:
    """Where a block belongs among others."""
    left, top, right, bottom = _box(block)
    middle = (top + bottom) / 2
    for index, other in enumerate(blocks):
        other_left, other_top, other_right, _ = _box(other)
        if other_top > middle and other_left < right and left < other_right:
            return index
    below = (index for index, other in enumerate(blocks) if _box(other)[1] > middle)
    return next(below, len(blocks))


def _box(block: _Block) -> tuple[int, int, int, int]:
    return (
        min(word.left for word in block),
        min(word.top for word in block),
        max(word.left + word.width for word in block),
        max(word.top + word.height for word in block),
    )

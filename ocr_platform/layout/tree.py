"""Words as they belong together: blocks, paragraphs and lines with the boxes around them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ocr_platform.layout.turns import turned_box
from ocr_platform.models import Word

# Scripts that are written without spaces between words: first and last code point of each range (Unicode 15, Blocks).
_WITHOUT_SPACES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3000, 0x30FF),  # CJK punctuation, Hiragana, Katakana
    (0x3400, 0x4DBF),  # CJK, extension A
    (0x4E00, 0x9FFF),  # CJK
    (0xFF00, 0xFFEF),  # full-width forms
    (0x20000, 0x3FFFF),  # CJK, further extensions
)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, from the upper left corner; `right` and `bottom` lie just outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Line:
    """Words of one line, in reading order."""

    number: int
    words: tuple[Word, ...]
    box: Box

    @property
    def text(self) -> str:
        """The words, with spaces where their script has them."""
        return joined([word.text for word in self.words])

    @property
    def rotation(self) -> int:
        """That of its first word: a line is written in one direction."""
        return self.words[0].rotation


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of one paragraph."""

    number: int
    lines: tuple[Line, ...]
    box: Box


@dataclass(frozen=True, slots=True)
class Block:
    """Paragraphs of one block, such as a column or a cell of a table."""

    number: int
    paragraphs: tuple[Paragraph, ...]
    box: Box

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of all its paragraphs."""
        return tuple(line for paragraph in self.paragraphs for line in paragraph.lines)


def tree_of(words: Iterable[Word]) -> tuple[Block, ...]:
    """Blocks, paragraphs and lines in the order in which their first words come; nothing is moved out of its line."""
    blocks: dict[int, dict[int, dict[int, list[Word]]]] = {}
    for word in words:
        blocks.setdefault(word.block, {}).setdefault(word.paragraph, {}).setdefault(word.line, []).append(word)
    return tuple(_block(number, paragraphs) for number, paragraphs in blocks.items())


def _block(number: int, paragraphs: dict[int, dict[int, list[Word]]]) -> Block:
    made = tuple(_paragraph(number, lines) for number, lines in paragraphs.items())
    return Block(number, made, around([paragraph.box for paragraph in made]))


def _paragraph(number: int, lines: dict[int, list[Word]]) -> Paragraph:
    made = tuple(Line(number, tuple(words), box_of(words)) for number, words in lines.items())
    return Paragraph(number, made, around([line.box for line in made]))


def box_of(words: Sequence[Word]) -> Box:
    """The box around words; there must be one."""
    return Box(
        min(word.left for word in words),
        min(word.top for word in words),
        max(word.left + word.width for word in words),
        max(word.top + word.height for word in words),
    )


def around(boxes: Sequence[Box]) -> Box:
    """The box around boxes; there must be one."""
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def upright(box: Box, rotation: int) -> Box:
    """A box as it lies when the page is turned clockwise by `rotation` degrees, from an origin of its own.

    Only to compare boxes of the same rotation with each other: coordinates may be negative.
    """
    return Box(*turned_box(box.left, box.top, box.right, box.bottom, rotation, 0, 0)) if rotation else box


def joined(words: Sequence[str]) -> str:
    """Words as a line of text: a space between two, unless both sides are of a script that is written without."""
    text = ""
    for word in words:
        text += word if not text or (_without_space(text[-1]) and _without_space(word[:1])) else f" {word}"
    return text


def _without_space(letter: str) -> bool:
    point = ord(letter) if letter else 0
    return point >= _WITHOUT_SPACES[0][0] and any(first <= point <= last for first, last in _WITHOUT_SPACES)

"""Which paragraphs are headings, by the height of their letters beside those of the page's text."""

from collections.abc import Sequence

from ocr_platform.layout import Block, Line, Paragraph, upright
from ocr_platform.layout.tree import box_of

# How much higher than the page's text, and which level then: that of documents made by word processors, whose
# headings are 1.2 to 2 times as large as their text.
_LEVELS = ((1.8, 1), (1.45, 2), (1.25, 3))
_MOST_LINES = 3
_MOST_WORDS = 16
# The height of a line is that of its higher words: words without ascenders are lower, and a stain may be higher.
_QUANTILE = 0.75
_LEAST_LETTERS = 3
_LEAST_CONFIDENCE = 70  # below, it may be a picture that was taken for letters


class Headings:
    """Knows how high the text of a page is."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        lines = [line for block in blocks for line in block.lines]
        weighted = sorted((height, _letters(line)) for line in lines if (height := _height(line)))
        self._text = _weighted_median(weighted)

    def level(self, paragraph: Paragraph) -> int:
        """1 to 3, or 0 for a paragraph of text: one with many words or lines, or that ends like a sentence."""
        lines = paragraph.lines
        text = " ".join(line.text for line in lines)
        if not self._text or len(lines) > _MOST_LINES or len(text.split()) > _MOST_WORDS:
            return 0
        if text.endswith((",", ";", ":", "-")) or sum(map(str.isalpha, text)) < _LEAST_LETTERS:
            return 0
        if text[0].islower() or _confidence(lines) < _LEAST_CONFIDENCE:
            return 0
        height = min(_height(line) for line in lines)
        return next((level for times, level in _LEVELS if height >= times * self._text), 0)


def _height(line: Line) -> int:
    heights = sorted(upright(box_of([word]), word.rotation).height for word in line.words if _is_word(word.text))
    return heights[int(_QUANTILE * (len(heights) - 1))] if heights else 0


def _confidence(lines: Sequence[Line]) -> float:
    """The words' mean confidence, each weighted by its letters."""
    words = [word for line in lines for word in line.words]
    return sum(word.confidence * len(word.text) for word in words) / sum(len(word.text) for word in words)


def _is_word(text: str) -> bool:
    return any(map(str.isalnum, text))


def _letters(line: Line) -> int:
    return sum(len(word.text) for word in line.words)


def _weighted_median(weighted: Sequence[tuple[int, int]]) -> int:
    """The height that half of all letters do not reach; 0 when there are none."""
    half = sum(letters for _height, letters in weighted) / 2
    for height, letters in weighted:
        half -= letters
        if half <= 0:
            return height
    return 0

"""Pages made of lines of words, for tests of what is read out of where words stand."""

from collections.abc import Sequence

from ocr_platform.models import Word, WordSource

LETTER, HEIGHT, LEADING = 20, 30, 45


def line(
    text: str, left: int, top: int, *, block: int = 1, paragraph: int = 1, number: int = 1, height: int = HEIGHT
) -> list[Word]:
    """Words beside each other, one letter wide spaces between; two spaces in the text are a gap of five letters."""
    words, at = [], left
    letter = LETTER * height // HEIGHT
    for cell in text.split("  "):
        for word in cell.split():
            width = letter * len(word)
            words.append(Word(word, at, top, width, height, 90.0, block, paragraph, number))
            at += width + letter
        at += 4 * letter
    return words


def column(
    lines: Sequence[str], left: int, top: int, *, block: int = 1, paragraph: int = 1, height: int = HEIGHT
) -> list[Word]:
    """Lines of one paragraph, one below the other."""
    return [
        word
        for number, text in enumerate(lines, 1)
        for word in line(
            text,
            left,
            top + (number - 1) * LEADING * height // HEIGHT,
            block=block,
            paragraph=paragraph,
            number=number,
            height=height,
        )
    ]


def turned(words: Sequence[Word], rotation: int, width: int, height: int) -> list[Word]:
    """The same words on a page that has to be turned clockwise by `rotation` to stand upright; sizes are upright's."""
    return [_turned(word, rotation, width, height) for word in words]


def _turned(word: Word, rotation: int, width: int, height: int) -> Word:
    right, bottom = word.left + word.width, word.top + word.height
    boxes = {
        0: (word.left, word.top, word.width, word.height),
        90: (word.top, width - right, word.height, word.width),
        180: (width - right, height - bottom, word.width, word.height),
        270: (height - bottom, word.left, word.height, word.width),
    }
    numbers = (word.block, word.paragraph, word.line)
    return Word(word.text, *boxes[rotation], word.confidence, *numbers, WordSource.OCR, rotation)

"""Words and pages of a few figures."""

from ocr_platform.models import PageResult, Word, WordSource


def word(
    text: str,
    box: tuple[int, int, int, int] = (0, 0, 100, 20),
    *,
    line: int = 1,
    block: int = 1,
    rotation: int = 0,
    source: WordSource = WordSource.OCR,
) -> Word:
    """A word; `box` is left, top, width, height."""
    return Word(text, *box, 90.0, block, 1, line, source, rotation)


def page(*words: Word, text: str | None = None, size: tuple[int, int] = (1000, 500), skew: float = 0.0) -> PageResult:
    """A page whose words are parted by spaces."""
    joined = " ".join(each.text for each in words) if text is None else text
    return PageResult(1, *size, dpi=100, text=joined, words=words, skew=skew)

"""What a recogniser of lines sees. No library is imported here."""

from dataclasses import dataclass

# Left, top, right and bottom in pixels.
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class SeenWord:
    """A word, with the mean score (0-1) of its characters."""

    text: str
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class SeenLine:
    """Words on one line, in their order."""

    box: Box
    words: tuple[SeenWord, ...]

"""Scripts that run from the right: a content stream shows glyphs from left to right, and readers turn them around."""

import unicodedata
from collections.abc import Sequence

_FROM_RIGHT = frozenset({"R", "AL"})
_NUMBERS = frozenset({"EN", "AN", "ES", "ET", "CS"})


def runs_from_right(texts: Sequence[str]) -> bool:
    """Whether most letters of these words belong to a script that is written from the right."""
    right = left = 0
    for text in texts:
        if text.isascii():
            left += sum(map(str.isalpha, text))
            continue
        kinds = [unicodedata.bidirectional(character) for character in text]
        right += sum(kind in _FROM_RIGHT for kind in kinds)
        left += kinds.count("L")
    return right > left


def as_seen(text: str) -> str:
    """A word's characters from left to right, as they stand on the page; given in the order in which they are read.

    What is written from the right is turned around, marks with the letters that they sit on; numbers and Latin
    letters within keep their order (a word's share of the Unicode Bidirectional Algorithm, UAX 9).
    """
    if text.isascii():
        return text
    kinds = [unicodedata.bidirectional(character) for character in text]
    if not _FROM_RIGHT.intersection(kinds):
        return text
    runs: list[list[str]] = []
    last = ""
    for character, kind in zip(text, kinds, strict=True):
        kept = kind == "L" or kind in _NUMBERS
        now = "kept" if kept else "turned"
        if kept and last == now:
            runs[-1].append(character)
        else:
            runs.append([character])
        last = now
    return "".join("".join(run) for run in reversed(runs))

"""Scripts that run from the right: a content stream shows glyphs from left to right, and readers turn them around."""

import unicodedata

from ocr_platform.layout import FROM_RIGHT

_NUMBERS = frozenset({"EN", "AN", "ES", "ET", "CS"})


def as_seen(text: str) -> str:
    """A word's characters from left to right, as they stand on the page; given in the order in which they are read.

    What is written from the right is turned around, marks with the letters that they sit on; numbers and Latin
    letters within keep their order (a word's share of the Unicode Bidirectional Algorithm, UAX 9).
    """
    if text.isascii():
        return text
    kinds = [unicodedata.bidirectional(character) for character in text]
    if not FROM_RIGHT.intersection(kinds):
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

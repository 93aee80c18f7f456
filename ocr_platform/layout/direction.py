"""Which way the words of a line follow each other."""

import unicodedata
from collections.abc import Iterable

# Classes of letters that are written from the right (UAX 9): Hebrew and its neighbours, Arabic and its.
FROM_RIGHT = frozenset({"R", "AL"})


def runs_from_right(texts: Iterable[str]) -> bool:
    """Whether most letters of these words belong to a script that is written from the right."""
    right = left = 0
    for text in texts:
        if text.isascii():
            left += sum(map(str.isalpha, text))
            continue
        kinds = [unicodedata.bidirectional(character) for character in text]
        right += sum(kind in FROM_RIGHT for kind in kinds)
        left += kinds.count("L")
    return right > left

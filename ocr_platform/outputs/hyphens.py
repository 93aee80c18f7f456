"""Words that a line's end has divided, put together only where nothing speaks against it."""

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
# Hyphen-minus, hyphen, soft hyphen; a dash is none.
_DIVIDED = re.compile(r"(.*?)([^\W\d_]{2,})([-\u2010\u00ad])")
_GOES_ON = re.compile(r"([^\W\d_]{2,})(.*)", re.DOTALL)
_SOFT = "\u00ad"
# The halves of a word that a line's end divides are no words of the document's.
_HALVES = re.compile(r"[^\W\d_]+[-\u2010\u00ad]\n+[^\W\d_]+")


class Hyphens:
    """What a document's own words say of its hyphens."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = {
            word.casefold().replace("\u2010", "-") for text in texts for word in _WORD.findall(_HALVES.sub(" ", text))
        }

    def whole(self, end: str, beginning: str) -> str | None:
        """The word of which a line ends with `end` and the next begins with `beginning`; None when it may be two.

        Divided words go on in small letters. Where the document has both halves as words of their own, or the word
        with its hyphen inside a line, the hyphen may be the word's own. Where it has the whole word, it is not.
        """
        first, second = _DIVIDED.fullmatch(end), _GOES_ON.fullmatch(beginning)
        if first is None or second is None or not first[2][-1].islower() or not second[1].islower():
            return None
        whole = first[1] + first[2] + beginning
        head, tail = first[2].casefold(), second[1].casefold()
        if first[3] == _SOFT or head + tail in self._words:
            return whole
        if f"{head}-{tail}" in self._words or (head in self._words and tail in self._words):
            return None
        return whole

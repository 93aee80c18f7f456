"""What counts as the same text: the ground truth and what every tool reads go through here before they are compared.

In this order:

1. Unicode NFC: an accent composed or not is the same letter.
2. Signs that print alike, or that transcribers write one for the other, are one: ligatures are their letters
   (ﬁ is fi), the long s is s, all quotation marks are ' or ", all dashes and hyphens are -, the ellipsis is three
   full stops, and full-width forms of ASCII (as in fonts for Chinese) are ASCII.
3. A word that is hyphenated over a line end is one word: a hyphen between a letter and, on the next line, a lower case
   letter goes. Some ground truths keep line ends, others do not.
4. Signs without width go, soft hyphens too.
5. All white space is one space, none at either end: how lines are broken and columns are spaced does not count.

Accents and punctuation count. Upper and lower case count, too, save on pages whose truth is in capitals throughout:
there who transcribed it wrote capitals for everything, as for till receipts, and both sides are compared in capitals.
"""

import re
import unicodedata

_ALIKE = {
    "\u017f": "s",
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
    "\u2026": "...",
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e17", "-"),
    **{chr(0xFF00 + offset): chr(0x20 + offset) for offset in range(1, 0x5F)},
}
_TABLE = str.maketrans(_ALIKE)
_NO_WIDTH = str.maketrans(dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u00ad][^\S\n]*\n\s*(?=([^\W\d_]))")


def comparable(truth: str, text: str) -> tuple[str, str]:
    """The truth and what was read, as they are compared."""
    expected, found = normalised(truth), normalised(text)
    return (expected.upper(), found.upper()) if expected.isupper() else (expected, found)


def normalised(text: str) -> str:
    """`text` by the rules 1 to 5."""
    alike = unicodedata.normalize("NFC", text).translate(_TABLE)
    joined = _HYPHENATED.sub(lambda found: "" if found[1].islower() else found[0], alike)
    return " ".join(joined.translate(_NO_WIDTH).split())

"""Whether letters make words: text whose characters were mixed up has pairs of letters that no language has.

Nothing here knows a word, so that names, lists of parts and languages that nobody asked for are words too.
"""

import re
import unicodedata
from dataclasses import dataclass

ALPHABET = " abcdefghijklmnopqrstuvwxyz"
# How surprising a letter (column) is after another (row), a space standing for the edge of a word: -log2 of its
# frequency there, rounded, 9 for all beyond. Mean of twelve languages (English, German, Dutch, Danish, Norwegian,
# Swedish, French, Italian, Spanish, Catalan, Portuguese, Polish), 40,000 words of each of Debian's word lists, accents
# left out: `python -m benchmarks.text_layers letters` makes it again.
_SURPRISE = """
934444555575545549434656997 375549658576443959334658997 835982989389498399357499959 729593992385699399585599965
437961888388687389457588977 366656758576443869234678796 638983479288499399364499979 338972956488585499446499999
428992999379576399564487969 446453659976453478534759896 429652799695765389858389996 538993998475495389444467979
537752777287377479955579969 335983898398747349867599969 348533637386895599833779967 376556658786443659345565997
639993796399498349355499989 999999999999999999999099999 436652768396765479545579976 247483787475667558843679977
338992987388787499345588967 455554658466443759334877897 729981989299696399668779999 528782997297796489758599938
439493896298798439983569579 256455758664534659434775995 327673979396765489886496945
""".split()  # noqa: SIM905  a table
_PAIRS = {
    first + second: int(surprise)
    for first, row in zip(ALPHABET, _SURPRISE, strict=True)
    for second, surprise in zip(ALPHABET, row, strict=True)
}
# Letters that Unicode does not take apart.
_PLAIN = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "\u0131": "i", "þ": "th", "ð": "d"}
)
# Shorter words are abbreviations as often as not.
_WORD = re.compile(r"[^\W\d_]{3,}")
_LATIN = re.compile(r"[a-z]+")
_ACCENTED = re.compile(r"[\u00c0-\u024f]")
# More are not looked at, but these from all over the page: half a millisecond.
_ENOUGH_WORDS = 150


@dataclass(frozen=True, slots=True)
class Letters:
    """What was measured: letters in words, pairs of Latin ones, their mean surprise in bits, accented ones in percent.

    Measured on pieces of 80 letters of manual pages in 16 languages, five of them not among those of the table, and of
    the corpus: 99 of 100 pieces are below 4.6, 4.9 with lists of commands and names. With their letters exchanged for
    one another, 99 of 100 are above 4.85; half are above 5.9.
    """

    letters: int
    pairs: int
    surprise: float
    accented: float


def measure(text: str) -> Letters:
    """Measure the words of a text that are written in Latin letters."""
    pairs = surprise = letters = accented = 0
    words = _WORD.findall(text)
    for found in words[:: len(words) // _ENOUGH_WORDS + 1]:
        lower = found.lower()
        letters += len(lower)
        if not lower.isascii():
            accented += len(_ACCENTED.findall(lower))
            lower = folded(lower)
        if _LATIN.fullmatch(lower):
            pairs += len(lower) + 1
            surprise += sum(map(_PAIRS.__getitem__, map(str.__add__, " " + lower, lower + " ")))
    return Letters(letters, pairs, surprise / pairs if pairs else 0.0, 100 * accented / letters if letters else 0.0)


def folded(word: str) -> str:
    """A word without its accents."""
    parts = unicodedata.normalize("NFKD", word.translate(_PLAIN))
    return "".join(part for part in parts if not unicodedata.combining(part))

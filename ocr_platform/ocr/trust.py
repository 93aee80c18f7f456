"""Whether the text that a page brings along is what the page shows. `docs/text-layers.md` has the figures."""

from enum import StrEnum

from ocr_platform.ocr.letters import measure
from ocr_platform.ocr.pdf_objects import PageObjects
from ocr_platform.ocr.pdf_text import MAX_CHARACTERS, PageText

# Shares of the letters, in percent. Sound pages of the corpus have none of any kind; broken fonts spoil whole runs of
# text. A few are bullets and logos of symbol fonts, which have no letter to map to.
_MOST_UNMAPPED = 5
_MOST_INVISIBLE = 20
# A page shows what it shows: text beyond its edges is left out, and says nothing about the rest unless it is most.
_MOST_BEYOND = 50
# What a page covered by a picture has below it, in percent of its pieces of text.
_MOST_BELOW = 20
# Mean surprise of pairs of letters, see `letters.Letters`, and the fewest pairs that say anything.
_SURPRISING = 4.6
_FEWEST_PAIRS = 50
# Vietnamese, the most accented of the languages that are written in Latin letters, has fewer in this range.
_MOST_ACCENTED = 40
_FEWEST_LETTERS = 8
# A run of letters without a space that no language has: the document does not say where words end.
_ENDLESS = 60
_MOST_ENDLESS = 30


class Verdict(StrEnum):
    """What is to be thought of a page's own text; anything but `sound` and `empty` says what is wrong with it."""

    SOUND = "sound"
    EMPTY = "empty"  # there is none on the page
    CROWDED = "crowded"  # more characters than a page can have
    INVISIBLE = "invisible"  # not drawn: an earlier recognition, as often as not a poor one
    COVERED = "covered"  # drawn below a picture of the page, for the same end
    BEYOND = "beyond"  # most of it is off the page
    UNMAPPED = "unmapped"  # fonts do not say what their letters mean
    STRANGE = "strange"  # letters that make no words: to be believed only if the page shows the same


def judge(text: PageText, objects: PageObjects) -> Verdict:
    """Judge by cheap measures, the surest first."""
    if text.characters > MAX_CHARACTERS:
        return Verdict.CROWDED
    if not text.letters:
        return Verdict.BEYOND if text.beyond else Verdict.EMPTY
    if _share(text.invisible, text.sampled) > _MOST_INVISIBLE:
        return Verdict.INVISIBLE
    if _share(objects.texts_below, objects.texts) > _MOST_BELOW:
        return Verdict.COVERED
    if _share(text.beyond, text.beyond + text.letters) > _MOST_BEYOND:
        return Verdict.BEYOND
    words = [piece.text for piece in text.pieces]
    joined = " ".join(words)
    if _share(text.unmapped, text.tried) > _MOST_UNMAPPED or _share(_meaningless(joined), len(joined)) > _MOST_UNMAPPED:
        return Verdict.UNMAPPED
    return Verdict.STRANGE if _is_strange(words, joined) else Verdict.SOUND


def _share(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _meaningless(text: str) -> int:
    """Characters that stand for none: the replacement character, those for private use, and those for control."""
    if text.isascii():
        return sum(map(text.count, _CONTROLS))
    return sum(_is_meaningless(letter) for letter in text)


def _is_meaningless(letter: str) -> bool:
    return letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" or letter >= "\U000f0000" or letter in _CONTROLS


_CONTROLS = frozenset(map(chr, (*range(0x20), 0x7F, *range(0x80, 0xA0))))


def _is_strange(words: list[str], joined: str) -> bool:
    letters = measure(joined)
    if letters.pairs >= _FEWEST_PAIRS and letters.surprise > _SURPRISING:
        return True
    if letters.letters >= _FEWEST_LETTERS and letters.accented > _MOST_ACCENTED:
        return True
    endless = sum(len(word) for word in words if len(word) > _ENDLESS and word.isascii() and word.isalpha())
    return _share(endless, len(joined)) > _MOST_ENDLESS

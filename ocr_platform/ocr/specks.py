"""Dirt that was read as punctuation: it is no word, and leaves no trace in what a job gives."""

from collections.abc import Iterable

from ocr_platform.models import Word, WordSource
from ocr_platform.ocr.confidence import Basis, likelihood

# Words without a letter or a digit of which a recogniser is less sure than this are specks. On the shared corpus 1 of
# 68 was on the page; of those with 0.3 to 0.4 6 of 24, and of words with letters below 0.3 108 of 437.
_LEAST_MARK = 0.3
_PERCENT = 100


def without_specks(words: Iterable[Word]) -> tuple[Word, ...]:
    """Words without the marks that are hardly there; confidences are scores as the recogniser gives them (0-100)."""
    return tuple(word for word in words if not _is_speck(word))


def _is_speck(word: Word) -> bool:
    if word.source is WordSource.TEXT or any(character.isalnum() for character in word.text):
        return False
    return likelihood(Basis.ALONE, word.confidence / _PERCENT) < _LEAST_MARK

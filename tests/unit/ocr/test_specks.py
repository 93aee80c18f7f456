"""Dirt that was read as punctuation goes; every word, and every mark that is there, stays."""

import pytest

from ocr_platform.models import Word, WordSource
from ocr_platform.ocr.specks import without_specks


def _word(text: str, confidence: float, source: WordSource = WordSource.OCR) -> Word:
    return Word(text, 10, 10, 30, 8, confidence, 1, 1, 1, source)


@pytest.mark.parametrize("mark", [".", ",", "‘", "—", "|", "__", ".:"])  # noqa: RUF001
def test_mark_that_is_hardly_there_is_gone(mark: str) -> None:
    total, price = _word("Total", 96.0), _word("12.50", 94.0)

    assert without_specks([total, _word(mark, 20.0), price]) == (total, price)


@pytest.mark.parametrize("text", ["a", "7", "é", "ß", "д", "字", "ก็", "ne", "4,"])
def test_word_with_a_letter_or_a_digit_stays_however_unsure(text: str) -> None:
    assert without_specks([_word(text, 1.0)])


def test_mark_that_is_there_stays() -> None:
    assert without_specks([_word("–", 90.0)])  # noqa: RUF001


def test_mark_of_a_text_layer_stays() -> None:
    assert without_specks([_word("-", 0.0, WordSource.TEXT)])

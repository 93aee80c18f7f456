import pytest

from benchmarks.speed.accuracy import Accuracy, Reading, accuracy, character_error_rate, normalised, word_recall


def edits(one: str, other: str) -> int:
    """Levenshtein's distance, as its definition says it."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row = row, [place]
        for column, against in enumerate(other, 1):
            row.append(min(before[column] + 1, row[-1] + 1, before[column - 1] + (letter != against)))
    return row[-1]


def test_white_space_and_the_way_of_composing_letters_do_not_count() -> None:
    assert normalised("  Gru\u0308ße,\n\tHerr\f") == "Grüße, Herr"
    assert character_error_rate("Grüße,\nHerr", "Gru\u0308ße, Herr\f", edits) == 0


@pytest.mark.parametrize(
    ("text", "rate"), [("abcd", 0), ("abxd", 0.25), ("", 1), ("abcdabcdabcd", 2)], ids=["right", "one", "none", "more"]
)
def test_error_rate_is_edits_for_each_character_of_the_truth(text: str, rate: float) -> None:
    assert character_error_rate("abcd", text, edits) == rate


def test_an_empty_truth_is_no_division_by_zero() -> None:
    assert character_error_rate("", "", edits) == 0
    assert word_recall("", "anything") == 1


def test_words_count_in_any_order_and_as_often_as_they_are_there() -> None:
    assert word_recall("the cat and the dog", "dog the cat and the") == 1
    assert word_recall("the cat and the dog", "the dog cat and") == 0.8
    assert word_recall("the cat", "The CAT") == 0


def test_only_pages_of_known_order_count_for_the_error_rate() -> None:
    readings = [Reading("abcd", "abcx", in_order=True), Reading("a b", "b x", in_order=False)]

    assert accuracy(readings, edits) == Accuracy(0.25, 0.25, pages_in_order=1, pages=2)


def test_without_pages_of_known_order_there_is_no_error_rate() -> None:
    assert accuracy([Reading("a b", "b a", in_order=False)], edits).character_error_rate is None

import pytest

from benchmarks.accuracy.metrics import Scores, scores


def test_figures_are_those_reckoned_by_hand() -> None:
    # 13 characters: `sat` became `sal`, ` x` was added. Words: one changed, one added, of three.
    found = scores("the cat\nsat on"[:11], "the cat sal x", in_order=True)

    assert found == Scores(cer=3 / 11, wer=2 / 3, recall=2 / 3, precision=2 / 4, f1=4 / 7)


def test_words_count_in_any_order_and_as_often_as_they_are_there() -> None:
    found = scores("the cat and the dog", "dog the the the", in_order=False)

    assert (found.recall, found.precision) == (3 / 5, 3 / 4)
    assert found.f1 == pytest.approx(2 * 0.6 * 0.75 / 1.35)


def test_without_a_known_order_there_are_no_error_rates() -> None:
    found = scores("a b", "b a", in_order=False)

    assert found == Scores(cer=None, wer=None, recall=1, precision=1, f1=1)


def test_nothing_read_is_all_wrong() -> None:
    assert scores("abcd efg", "", in_order=True) == Scores(cer=1, wer=1, recall=0, precision=0, f1=0)


def test_more_made_up_than_there_is_exceeds_one() -> None:
    found = scores("ab", "ab cd ef", in_order=True)

    assert (found.cer, found.wer) == (3, 2)


def test_an_empty_page_read_as_empty_is_right() -> None:
    assert scores("", " \n", in_order=True) == Scores(cer=0, wer=0, recall=1, precision=1, f1=1)
    assert scores("", "x", in_order=True) == Scores(cer=1, wer=1, recall=1, precision=0, f1=0)


def test_both_sides_are_normalised_alike() -> None:
    found = scores("\u201eO\ufb03ce recog-\nnition\u201c", '"Office recognition"', in_order=True)

    assert found == Scores(cer=0, wer=0, recall=1, precision=1, f1=1)

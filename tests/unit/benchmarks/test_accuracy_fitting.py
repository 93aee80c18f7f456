"""Tables from scores to likelihoods only rise, and say what was seen."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy.calibration_data import Truth
from benchmarks.accuracy.fitting import expected_error, fit


@dataclass(frozen=True)
class Seen:
    score: float
    right: bool


def seen(score: float, right: int, wrong: int) -> list[Seen]:
    return [Seen(score, True)] * right + [Seen(score, False)] * wrong


def test_a_table_says_how_many_words_of_a_score_were_right() -> None:
    table = fit([*seen(0.2, 100, 300), *seen(0.9, 300, 100)])

    assert [score for score, _right in table] == pytest.approx([0.2, 0.9], abs=0.01)
    assert [right for _score, right in table] == pytest.approx([0.25, 0.75], abs=0.01)


def test_scores_that_fall_where_they_should_rise_are_joined() -> None:
    table = fit([*seen(0.2, 60, 40), *seen(0.9, 40, 60)])

    assert len(table) == 1
    assert table[0][1] == pytest.approx(0.5)


@given(st.lists(st.builds(Seen, st.floats(0, 1), st.booleans()), max_size=400))
def test_tables_rise_and_never_claim_to_know_for_sure(words: list[Seen]) -> None:
    table = fit(words)

    assert all(low[1] <= high[1] for low, high in pairwise(table))
    assert all(0 < right < 1 for _score, right in table)
    assert 1 <= len(table) <= 10


def test_what_is_said_and_what_is_seen_differ_by_the_expected_error() -> None:
    assert expected_error([(0.9, True)] * 9 + [(0.9, False)]) == pytest.approx(0.0)
    assert expected_error([(0.9, False)] * 10) == pytest.approx(0.9)
    assert expected_error([]) == 0.0


def test_a_word_of_the_truth_is_taken_once() -> None:
    truth = Truth("one two two")

    assert [truth.take(word) for word in ("two", "two", "two", "three")] == [True, True, False, False]


def test_case_counts_only_where_the_truth_has_any() -> None:
    assert Truth("TOTAL 12.50").has("Total")
    assert not Truth("Total 12.50 TOTAL").has("total")

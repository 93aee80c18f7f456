"""Scores become likelihoods by tables that only rise."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.ocr.confidence import _TABLES, Basis, interpolated, likelihood, percent

SCORES = st.floats(0, 1)


@pytest.mark.parametrize("basis", Basis)
def test_every_table_rises_in_both_columns_and_stays_a_likelihood(basis: Basis) -> None:
    table = _TABLES[basis]

    assert all(before[0] < after[0] and before[1] <= after[1] for before, after in pairwise(table))
    assert all(0 < right < 1 for _score, right in table)


@given(st.sampled_from(Basis), SCORES, SCORES)
def test_a_higher_score_is_never_less_likely(basis: Basis, one: float, other: float) -> None:
    low, high = sorted((one, other))

    assert likelihood(basis, low) <= likelihood(basis, high)


def test_between_two_pairs_lies_a_straight_line_and_beyond_them_nothing_changes() -> None:
    table = ((0.2, 0.1), (0.6, 0.5))

    assert [interpolated(table, score) for score in (0.0, 0.2, 0.4, 0.6, 1.0)] == pytest.approx(
        [0.1, 0.1, 0.3, 0.5, 0.5]
    )


def test_a_score_that_is_no_number_stays_one_that_is_found_out() -> None:
    assert math.isnan(percent(Basis.ALONE, math.nan))

import math

from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.steps import Pace

_counts = st.integers(1, 100)
_seconds = st.floats(0, 600)
_page_seconds = st.floats(0, 3600)


def _pace(batch_pages: int = 8, batch_seconds: float = 3.0, max_helpers: int = 8) -> Pace:
    return Pace(batch_pages, batch_seconds, slice_seconds=60.0, max_helpers=max_helpers)


def test_letter_wakes_no_helper_and_a_book_as_many_as_it_may() -> None:
    assert [_pace().helpers(pages) for pages in (None, 0, 1, 8, 9, 16, 17, 2000)] == [0, 0, 0, 0, 1, 1, 2, 8]


def test_without_helpers_nobody_is_woken() -> None:
    assert _pace(max_helpers=0).helpers(2000) == 0


@given(_counts, st.integers(0, 1000), st.none() | st.integers(0, 100_000))
def test_each_helper_finds_a_batch_beside_the_workers_own(batch: int, most: int, pages: int | None) -> None:
    helpers = _pace(batch, max_helpers=most).helpers(pages)

    assert 0 <= helpers <= most
    assert helpers == 0 or (pages or 0) > helpers * batch


@given(_counts, st.integers(0, 1000), st.integers(0, 10_000))
def test_more_pages_wake_no_fewer_helpers(batch: int, most: int, pages: int) -> None:
    pace = _pace(batch, max_helpers=most)

    assert pace.helpers(pages) <= pace.helpers(pages + 1) <= pace.helpers(pages) + 1


def test_first_batch_is_a_whole_one() -> None:
    assert _pace().batch_of(500, 0) == _pace().batch_of(500, 8) == 8


def test_first_batch_of_a_document_that_helpers_share_leaves_them_some() -> None:
    assert [_pace().batch_of(left, 1) for left in (9, 11, 16, 100)] == [3, 3, 4, 8]


def test_batch_is_what_fits_into_its_time() -> None:
    seconds = (0.0, 0.1, 0.375, 0.5, 1.0, 2.9, 120.0)

    assert [_pace().batch_of(500, 0, each) for each in seconds] == [8, 8, 8, 6, 3, 1, 1]


def test_towards_the_end_batches_shrink_so_that_all_end_together() -> None:
    pace = _pace(batch_seconds=600)

    assert [pace.batch_of(left, 1, 1.3) for left in (500, 32, 20, 8, 4, 2, 1)] == [8, 8, 5, 2, 1, 1, 1]
    assert [pace.batch_of(left, 8, 1.3) for left in (500, 72, 36, 18, 1)] == [8, 4, 2, 1, 1]


def test_without_helpers_there_is_nobody_to_wait_for() -> None:
    assert [_pace(batch_seconds=600).batch_of(left, 0, 1.3) for left in (500, 20, 2)] == [8, 8, 8]


def test_batches_of_short_pages_do_not_shrink_below_what_they_cost() -> None:
    assert [_pace().batch_of(left, 1, 0.3) for left in (500, 20, 8, 1)] == [8, 5, 4, 4]
    assert [_pace().batch_of(left, 1, 0.01) for left in (500, 20, 8, 1)] == [8, 8, 8, 8]


_left = st.integers(0, 10_000)
_helpers = st.integers(0, 100)


@given(_counts, _seconds, _left, _helpers, st.none() | _page_seconds)
def test_batch_is_never_empty_and_never_more_than_a_whole_one(
    batch: int, seconds: float, left: int, helpers: int, page: float | None
) -> None:
    assert 1 <= _pace(batch, seconds).batch_of(left, helpers, page) <= batch


@given(_counts, _seconds, _left, _helpers, _page_seconds)
def test_batch_takes_its_time_and_at_most_half_a_page_more(
    batch: int, seconds: float, left: int, helpers: int, page: float
) -> None:
    taken = _pace(batch, seconds).batch_of(left, helpers, page)

    assert taken == 1 or taken * page <= (seconds + page / 2) * (1 + 1e-9)


@given(_counts, _seconds, _left, _helpers, _page_seconds, _page_seconds)
def test_slower_pages_make_no_larger_batch(
    batch: int, seconds: float, left: int, helpers: int, one: float, other: float
) -> None:
    pace = _pace(batch, seconds)

    assert pace.batch_of(left, helpers, max(one, other)) <= pace.batch_of(left, helpers, min(one, other))


@given(_counts, _seconds, _left, _left, _helpers, _page_seconds)
def test_fewer_pages_make_no_larger_batch(
    batch: int, seconds: float, one: int, other: int, helpers: int, page: float
) -> None:
    pace = _pace(batch, seconds)

    assert pace.batch_of(min(one, other), helpers, page) <= pace.batch_of(max(one, other), helpers, page)


def test_clock_of_a_pace_is_the_machines() -> None:
    assert math.isfinite(_pace().clock())

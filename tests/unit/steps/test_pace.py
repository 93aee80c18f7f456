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
    assert _pace().batch_of(None) == 8


def test_batch_is_what_fits_into_its_time() -> None:
    assert [_pace().batch_of(seconds) for seconds in (0.0, 0.1, 0.375, 0.5, 1.0, 2.9, 120.0)] == [8, 8, 8, 6, 3, 1, 1]


@given(_counts, _seconds, _page_seconds)
def test_batch_is_never_empty_and_never_more_than_a_whole_one(batch: int, seconds: float, page: float) -> None:
    assert 1 <= _pace(batch, seconds).batch_of(page) <= batch


@given(_counts, _seconds, _page_seconds)
def test_batch_takes_its_time_and_at_most_half_a_page_more(batch: int, seconds: float, page: float) -> None:
    taken = _pace(batch, seconds).batch_of(page)

    assert taken == 1 or taken * page <= (seconds + page / 2) * (1 + 1e-9)


@given(_counts, _seconds, _page_seconds, _page_seconds)
def test_slower_pages_make_no_larger_batch(batch: int, seconds: float, one: float, other: float) -> None:
    pace = _pace(batch, seconds)

    assert pace.batch_of(max(one, other)) <= pace.batch_of(min(one, other))


def test_clock_of_a_pace_is_the_machines() -> None:
    assert math.isfinite(_pace().clock())

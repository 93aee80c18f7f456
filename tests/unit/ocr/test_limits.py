"""Limits are met before anything is unpacked."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.errors import DocumentTooLarge, PageTooLarge, TooManyPages
from tests.unit.ocr.support import limits


@pytest.mark.parametrize(
    ("size", "fits"), [((10, 10), True), ((10, 11), False), ((100, 1), True), ((32_767, 1), True), ((32_768, 1), False)]
)
def test_page_is_bounded_by_its_pixels_and_by_the_side(size: tuple[int, int], fits: bool) -> None:
    bounds = limits(max_pixels=100 if max(size) <= 100 else 10**9)
    if fits:
        bounds.require_page(*size)
        return
    with pytest.raises(PageTooLarge):
        bounds.require_page(*size)


def test_pages_are_counted_up_to_the_limit() -> None:
    assert limits(max_pages=3).count([1, 1, 1]) == 3
    with pytest.raises(TooManyPages):
        limits(max_pages=3).count([1, 1, 1, 1])


def test_endless_document_is_counted_no_further_than_the_limit() -> None:
    # Given directories that lead on for ever
    looked_at = []

    def endless() -> Iterator[int]:
        for number in itertools.count(1):
            looked_at.append(number)
            yield 1

    with pytest.raises(TooManyPages):
        limits(max_pages=5).count(endless())
    assert len(looked_at) == 6


def test_pixels_of_all_pages_together_are_bounded() -> None:
    bounds = limits(max_document_pixels=100)

    assert bounds.count([50, 50]) == 2
    with pytest.raises(DocumentTooLarge):
        bounds.count([50, 50, 1])


def test_page_that_is_refused_by_itself_takes_nothing_from_the_others() -> None:
    bounds = limits(max_pixels=60, max_document_pixels=100)

    assert bounds.count([50, 61, 10**12, 50]) == 4
    with pytest.raises(DocumentTooLarge):
        bounds.count([50, 60])


@given(st.lists(st.integers(0, 200), max_size=30), st.integers(1, 20), st.integers(1, 2000))
def test_what_is_counted_is_within_every_limit(sizes: list[int], max_pages: int, max_document_pixels: int) -> None:
    bounds = limits(max_pages=max_pages, max_pixels=100, max_document_pixels=max_document_pixels)
    fits = len(sizes) <= max_pages and sum(size for size in sizes if size <= 100) <= max_document_pixels

    try:
        counted = bounds.count(sizes)
    except (TooManyPages, DocumentTooLarge):
        assert not fits
    else:
        assert fits
        assert counted == len(sizes)

"""The small copy of a page, and the level that parts ink from paper."""

import numpy as np
import pytest
from PIL import Image

from ocr_platform.ocr.prepare.ink import otsu, small_copy
from tests.data import scan_page
from tests.data.pages import black_and_white
from tests.data.texts import LETTER


@pytest.mark.parametrize("size", [(1, 1), (1303, 1309), (2480, 3508), (5000, 3001)])
def test_copy_of_black_and_white_is_that_of_the_same_page_in_grey(size: tuple[int, int]) -> None:
    page = black_and_white(scan_page(LETTER[0], dpi=150)).resize(size)

    bands, whole = small_copy(page), small_copy(page.convert("L"))

    assert np.array_equal(bands.grey, whole.grey)
    assert bands.reduced == whole.reduced


def test_copy_is_of_the_same_size_for_pages_of_any_size() -> None:
    for side in (1300, 2600, 6000, 10000):
        copy = small_copy(Image.new("1", (side, side), 1))

        assert copy.grey.size <= 1_750_000
        assert copy.grey.shape[0] == -(-side // copy.reduced)


def test_level_lies_between_ink_and_paper() -> None:
    copy = small_copy(scan_page(LETTER[0], dpi=150))

    assert 60 < copy.threshold < 200
    assert copy.paper > 220
    assert 0.005 < copy.ink.mean() < 0.2


@pytest.mark.parametrize("levels", [{0: 1}, {255: 5}, {10: 3, 200: 4}])
def test_threshold_of_few_levels_is_one_of_them(levels: dict[int, int]) -> None:
    counts = np.zeros(256)
    for level, many in levels.items():
        counts[level] = many

    assert otsu(counts) in {0, min(levels)}

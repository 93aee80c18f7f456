"""Boxes come back where words stand: a mark on a page, the page changed, the mark found there and sent back."""

import numpy as np
import pytest
from PIL import Image

from ocr_platform.models import Word
from ocr_platform.ocr.prepare.placement import Placement

PAPER = 250
MARK = (70, 130, 40, 12)  # left, top, width, height on the original


def page(width: int = 300, height: int = 400) -> Image.Image:
    image = Image.new("L", (width, height), PAPER)
    left, top, across, down = MARK
    image.paste(0, (left, top, left + across, top + down))
    return image


def word_over_the_ink(image: Image.Image) -> Word:
    rows, columns = np.nonzero(np.asarray(image.convert("L")) < PAPER / 2)
    left, top = int(columns.min()), int(rows.min())
    return Word("x", left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top, 90.0, 1, 1, 1)


def box(word: Word) -> tuple[int, int, int, int]:
    return word.left, word.top, word.width, word.height


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_quarters_bring_a_box_back_to_the_pixel(rotation: int) -> None:
    placement = Placement(300, 400, rotation)

    back = placement.on_the_page(word_over_the_ink(placement.applied(page(), PAPER)))

    assert box(back) == MARK
    assert back.rotation == rotation


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("scale", [0.4, 0.5, 0.74, 1.5, 2.0, 2.22, 3.7])
def test_enlarging_brings_a_box_back_to_the_pixel(rotation: int, scale: float) -> None:
    placement = Placement(300, 400, rotation, 0.0, scale)
    changed = placement.applied(page(), PAPER)

    back = placement.on_the_page(word_over_the_ink(changed))

    assert max(changed.size) == round(400 * scale)
    assert box(back) == pytest.approx(MARK, abs=1)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("skew", [-14.0, -3.3, 1.0, 8.5])
@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_leaning_brings_back_the_smallest_upright_box_around_the_word(rotation: int, skew: float, scale: float) -> None:
    # Given a page that is read after it was turned, straightened and enlarged
    placement = Placement(300, 400, rotation, skew, scale)

    back = placement.on_the_page(word_over_the_ink(placement.applied(page(), PAPER)))

    left, top, width, height = MARK
    assert back.left <= left
    assert back.top <= top
    assert back.left + back.width >= left + width
    assert back.top + back.height >= top + height
    # Its middle is the word's, to the pixel
    assert back.left + back.width / 2 == pytest.approx(left + width / 2, abs=1.5)
    assert back.top + back.height / 2 == pytest.approx(top + height / 2, abs=1.5)


@pytest.mark.parametrize("skew", [-10.0, 5.0])
def test_nothing_is_cut_off_when_a_page_is_straightened(skew: float) -> None:
    image = Image.new("L", (300, 400), PAPER)
    for corner in ((0, 0), (292, 0), (0, 392), (292, 392)):
        image.paste(0, (*corner, corner[0] + 8, corner[1] + 8))

    changed = np.asarray(Placement(300, 400, 0, skew).applied(image, PAPER))

    assert (changed < PAPER / 2).sum() == pytest.approx(4 * 64, rel=0.1)
    assert changed[0, 0] == changed[-1, -1] == PAPER


def test_skew_is_counted_clockwise() -> None:
    # Given a line that rises to the right, as on a page that lies turned counter-clockwise
    line = Image.new("L", (400, 400), PAPER)
    line.paste(0, (50, 198, 350, 202))
    leaning = line.rotate(7, Image.Resampling.BICUBIC, fillcolor=PAPER)

    straight = Placement(400, 400, 0, 7.0).applied(leaning, PAPER)

    rows, _columns = np.nonzero(np.asarray(straight) < PAPER / 2)
    assert rows.max() - rows.min() < 8


def test_boxes_stay_on_the_page() -> None:
    placement = Placement(100, 100, 90, 5.0, 2.0)

    for left, top in ((0, 0), (180, 0), (0, 180), (190, 190)):
        back = placement.on_the_page(Word("x", left, top, 60, 60, 90.0, 1, 1, 1))

        assert 0 <= back.left <= back.left + back.width <= 100
        assert 0 <= back.top <= back.top + back.height <= 100


@pytest.mark.parametrize("mode", ["1", "L"])
def test_page_that_lies_well_is_the_same_object(mode: str) -> None:
    image = page().convert(mode)
    placement = Placement(*image.size)

    assert placement.changes_nothing
    assert placement.applied(image, PAPER) is image


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_black_and_white_stays_so_when_it_is_only_turned(rotation: int) -> None:
    assert Placement(300, 400, rotation).applied(page().convert("1"), PAPER).mode == "1"

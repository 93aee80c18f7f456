"""A word stays on its ink, however its page is turned."""

import pytest
from PIL import Image, ImageDraw

from ocr_platform.models import Word
from ocr_platform.ocr.turning import turned_image, turned_word

WORD = Word("ink", 10, 20, 30, 8, 90.0, 1, 1, 1)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_word_is_where_its_ink_is_after_a_turn(rotation: int) -> None:
    page = Image.new("L", (200, 100), 255)
    ImageDraw.Draw(page).rectangle((10, 20, 39, 27), 0)

    turned = turned_image(page, rotation)
    word = turned_word(WORD, rotation, *page.size)

    ink = turned.point(lambda level: 255 - level).getbbox()
    assert ink == (word.left, word.top, word.left + word.width, word.top + word.height)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_turned_and_turned_back_a_word_is_what_it_was(rotation: int) -> None:
    there = turned_word(WORD, rotation, 200, 100)
    size = (100, 200) if rotation in (90, 270) else (200, 100)

    assert turned_word(there, 360 - rotation, *size) == WORD


def test_a_word_that_stands_on_its_side_is_upright_when_its_page_is_turned() -> None:
    lying = turned_word(WORD, 270, 200, 100)

    assert lying.rotation == 90
    assert turned_word(lying, 90, 100, 200).rotation == 0

"""What is done to pages that are turned, leaning, small, dark, in shadow, in columns; a clean one is left alone."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.prepare import prepared
from ocr_platform.ocr.prepare.columns import gutter_rows
from ocr_platform.ocr.prepare.ink import small_copy
from ocr_platform.ocr.prepare.letters import components, letters
from ocr_platform.ocr.prepare.lines import Lie
from ocr_platform.ocr.prepare.preparing import upright
from tests.data import scan_page
from tests.data.pages import black_and_white
from tests.data.texts import LETTER

DPI = 150
COUNTER_CLOCKWISE = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


@pytest.fixture(scope="module")
def letter() -> Image.Image:
    return scan_page(LETTER[0], dpi=DPI, skew=0)


def columns_of(many: int) -> Image.Image:
    """A page of short lines in so many columns."""
    page = Image.new("L", (1240, 1754), 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(22)
    width = 1040 // many
    for column in range(many):
        for line in range(30):
            text = "the quick brown fox jumps over the lazy dog once more and again and on"
            while draw.textlength(text, font) > width - 60:
                text = text.rpartition(" ")[0]
            draw.text((100 + column * width, 120 + line * 45), text, 0, font)
    return page


@pytest.mark.parametrize("dpi", [150, 200])
@pytest.mark.parametrize("bilevel", [False, True])
def test_clean_scan_is_handed_over_as_it_is(dpi: int, *, bilevel: bool) -> None:
    scan = scan_page(LETTER[0], dpi=dpi)
    image = black_and_white(scan) if bilevel else scan

    found = prepared(PageImage(image, dpi), "eng")

    assert found.page.image is image
    assert found.page.dpi == dpi
    assert found.placement.changes_nothing
    assert not found.columns
    assert not found.inverse


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("bilevel", [False, True])
def test_turned_page_is_turned_back(letter: Image.Image, turn: int, *, bilevel: bool) -> None:
    image = black_and_white(letter) if bilevel else letter

    found = prepared(PageImage(image.transpose(COUNTER_CLOCKWISE[turn]), DPI), "eng", enlarge=False)

    assert found.placement.rotation == turn
    assert not found.placement.skew
    assert found.page.image.tobytes() == image.tobytes()


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("skew", [-15, -7, -2, 3, 10, 15])
def test_leaning_page_is_straightened_whichever_way_it_is_turned(letter: Image.Image, turn: int, skew: int) -> None:
    leaning = letter.rotate(skew, Image.Resampling.BICUBIC, expand=True, fillcolor=244)
    image = leaning.transpose(COUNTER_CLOCKWISE[turn]) if turn else leaning

    found = prepared(PageImage(image, DPI), "eng")

    assert found.placement.rotation == turn
    # Pillow turns counter-clockwise
    assert found.placement.skew == pytest.approx(skew, abs=0.2)


def test_corners_of_a_leaning_page_get_the_level_of_its_paper() -> None:
    # Given a page of grey paper that somebody turned on a white canvas
    grey = scan_page(LETTER[0], dpi=DPI, skew=0, noise=0).point(lambda level: level * 200 // 255)
    leaning = grey.rotate(6, Image.Resampling.BICUBIC, expand=True, fillcolor=255)

    found = prepared(PageImage(leaning, DPI), "eng").page.image

    levels = np.asarray(found)
    assert levels.max() - np.median(levels) < 12
    assert levels[0, 0] == levels[-1, -1] == pytest.approx(np.median(levels), abs=5)


def test_page_that_leans_hardly_is_left_alone(letter: Image.Image) -> None:
    leaning = letter.rotate(0.5, Image.Resampling.BICUBIC, fillcolor=244)

    assert prepared(PageImage(leaning, DPI), "eng").placement.skew == 0.0


@pytest.mark.parametrize(("dpi", "scale"), [(72, 4.0), (100, 2.5), (150, 1.0), (200, 1.0)])
def test_small_letters_are_enlarged_and_no_others(dpi: int, scale: float) -> None:
    scan = scan_page(LETTER[0], dpi=dpi, skew=0, noise=0.02)

    found = prepared(PageImage(scan, 120), "eng")

    assert found.placement.scale == pytest.approx(scale, rel=0.35)
    assert found.page.dpi == round(120 * found.placement.scale)
    assert found.page.image.width == round(scan.width * found.placement.scale)


def test_page_is_not_enlarged_where_that_may_cost_nothing() -> None:
    scan = scan_page(LETTER[0], dpi=100, skew=0, noise=0.02)

    assert prepared(PageImage(scan, 100), "eng", enlarge=False).page.image is scan


@pytest.mark.parametrize(("dpi", "scale"), [(300, 0.75), (400, 0.55), (900, 0.4)])
@pytest.mark.parametrize("bilevel", [False, True])
@pytest.mark.parametrize("enlarge", [False, True])
def test_large_letters_are_reduced(dpi: int, scale: float, *, bilevel: bool, enlarge: bool) -> None:
    scan = scan_page(LETTER[0], dpi=dpi, skew=0, noise=0)

    found = prepared(PageImage(black_and_white(scan) if bilevel else scan, dpi), "eng", enlarge=enlarge)

    assert found.placement.scale == pytest.approx(scale, rel=0.15)
    assert found.page.dpi == round(dpi * found.placement.scale)
    assert found.page.image.width == round(scan.width * found.placement.scale)
    assert found.page.image.mode == "L"  # one bit a pixel would lose what is reduced


def test_small_print_keeps_a_page_of_large_letters_at_its_size() -> None:
    # Given a page of which most letters are so large that it would be read reduced, and small print below
    page = Image.new("L", (2480, 3508), 255)
    draw = ImageDraw.Draw(page)
    large, small = ImageFont.load_default(90), ImageFont.load_default(34)
    for line in range(18):
        draw.text((150, 150 + line * 120), "the quick brown fox jumps over the lazy dog", 0, large)
    alone = prepared(PageImage(page, 300), "eng")
    for line in range(8):
        draw.text((150, 2600 + line * 50), "terms of the offer that apply to everybody who ever takes it up", 0, small)

    assert alone.placement.scale < 0.6
    assert prepared(PageImage(page, 300), "eng").placement.scale == 1.0


def test_large_letters_that_lean_are_straightened_and_not_reduced() -> None:
    scan = scan_page(LETTER[0], dpi=300, skew=0, noise=0).rotate(3, Image.Resampling.BICUBIC, fillcolor=255)

    found = prepared(PageImage(scan, 300), "eng")

    assert found.placement.skew == pytest.approx(3, abs=0.2)
    assert found.placement.scale == 1.0
    assert found.turned_by(180).placement.scale == 1.0


def test_reduced_page_is_not_leaned_when_it_is_turned_otherwise() -> None:
    found = prepared(PageImage(scan_page(LETTER[0], dpi=300, skew=0, noise=0), 300), "eng")
    leaning = replace(found, lie=Lie(dict.fromkeys((0, 90, 180, 270), 1.0), dict.fromkeys((0, 90, 180, 270), 5.0)))

    assert found.placement.scale < 1
    assert found.turned_by(180).placement.scale == found.placement.scale
    assert leaning.turned_by(180).placement.scale == 1.0


def test_huge_page_of_small_letters_is_enlarged_within_bounds() -> None:
    # Given letters that are lost in a copy of the whole page
    small = scan_page(LETTER[0], dpi=90, skew=0, noise=0)
    wall = Image.new("L", (small.width * 4, small.height * 4), 244)
    for column in range(4):
        for row in range(4):
            wall.paste(small, (column * small.width, row * small.height))

    found = prepared(PageImage(wall, 90), "eng")

    assert found.placement.scale > 1.2
    assert found.page.image.width * found.page.image.height <= 30_100_000


@pytest.mark.parametrize("claimed", [72, 96])
def test_resolution_that_programs_write_when_they_know_none_is_not_believed(letter: Image.Image, claimed: int) -> None:
    assert prepared(PageImage(letter, claimed), "eng").page.dpi == 0


def test_white_on_black_is_turned_over(letter: Image.Image) -> None:
    found = prepared(PageImage(ImageOps.invert(letter), DPI), "eng", enlarge=False)

    assert found.page.image.tobytes() == letter.tobytes()


def test_page_on_a_dark_table_is_not_turned_over(letter: Image.Image) -> None:
    table = Image.new("L", (letter.width * 2, letter.height), 15)
    table.paste(letter, (letter.width // 2, 0))

    assert prepared(PageImage(table, DPI), "eng", enlarge=False).page.image.getpixel((5, 5)) == 15


def test_dark_heading_asks_for_inverse_lines(letter: Image.Image) -> None:
    page = letter.copy()
    page.paste(20, (100, 20, page.width - 100, 80))

    assert prepared(PageImage(page, DPI), "eng").inverse


def test_shadow_is_taken_away(letter: Image.Image) -> None:
    # Given a page whose right half has a fourth of the light
    shadow = Image.linear_gradient("L").rotate(-90).point(lambda level: 255 - level * 3 // 4).resize(letter.size)
    dark = ImageChops.multiply(letter, shadow)

    found = prepared(PageImage(dark, DPI), "eng", enlarge=False)

    grey = np.asarray(found.page.image)
    assert np.median(grey[:, -200:]) == pytest.approx(np.median(grey[:, :200]), abs=40)
    assert len(letters(*components(small_copy(found.page.image).ink))[0]) == pytest.approx(
        len(letters(*components(small_copy(letter).ink))[0]), rel=0.05
    )


@pytest.mark.parametrize("many", [2, 3])
def test_columns_are_seen(many: int) -> None:
    assert prepared(PageImage(columns_of(many), 150), "eng").columns


def test_one_column_is_none_also_with_numbers_at_its_side() -> None:
    page = columns_of(1)
    assert not prepared(PageImage(page, 150), "eng").columns

    draw = ImageDraw.Draw(page)
    for line in range(30):
        draw.text((1130, 120 + line * 45), "12", 0, ImageFont.load_default(22))
    assert not prepared(PageImage(page, 150), "eng").columns


def test_line_across_ends_a_gutter() -> None:
    left = [[10 * x, 40 * y, 10 * x + 8, 40 * y + 12] for y in range(20) for x in range(12)]
    right = [[300 + 10 * x, 40 * y, 308 + 10 * x, 40 * y + 12] for y in range(20) for x in range(12)]
    across = [[10 * x, 400, 10 * x + 8, 412] for x in range(42)]

    assert gutter_rows(np.array(left + right), 12, 0.0) == 20
    assert gutter_rows(np.array([*left, *right, *across]), 12, 0.0) < 20


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (64, 64)])
@pytest.mark.parametrize("mode", ["1", "L"])
@pytest.mark.parametrize("level", [0, 255])
def test_page_without_letters_is_left_alone(size: tuple[int, int], mode: str, level: int) -> None:
    image = Image.new(mode, size, level)

    found = prepared(PageImage(image, 300), "eng")

    assert found.placement.changes_nothing
    assert found.columns
    assert found.inverse


def test_noise_is_left_alone() -> None:
    noise = Image.effect_noise((1200, 1200), 120)

    assert prepared(PageImage(noise, 300), "eng").placement.rotation == 0


def test_letters_that_hang_stand_upright_where_their_tops_are_in_a_row() -> None:
    # Given rows of tops that are sharper than those of bottoms
    lie = Lie({0: 10.0, 90: 2.0, 180: 20.0, 270: 2.0}, dict.fromkeys((0, 90, 180, 270), 0.0))

    assert upright(lie, "eng") == 180
    assert upright(lie, "hin+eng") == 0


def test_page_is_not_turned_unless_it_is_clear() -> None:
    lie = Lie({0: 10.0, 90: 2.0, 180: 11.0, 270: 2.0}, dict.fromkeys((0, 90, 180, 270), 0.0))

    assert upright(lie, "eng") == 0
    assert lie.likely(besides=0) == [180]


def test_page_that_was_turned_may_after_all_stand_upright() -> None:
    lie = Lie({0: 3.4, 90: 4.4, 180: 3.5, 270: 6.4}, dict.fromkeys((0, 90, 180, 270), 0.0))

    assert lie.likely(besides=270) == [0]

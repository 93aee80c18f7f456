"""Pages with nothing on them, and pages with hardly anything."""

import random
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from ocr_platform.ocr.blank import is_blank
from ocr_platform.ocr.pages import PageImage
from tests.data.pages import PAPER, black_and_white, scan_page, speckled
from tests.data.texts import LETTER

MM = 25.4
WIDTH, HEIGHT = 148, 210  # A5, in mm
Draw = Callable[[Image.Image, float], Image.Image | None]


def _paper(dpi: int, draw: Draw | None = None, noise: int = 12, light: int = 20) -> Image.Image:
    """A sheet as a scanner delivers it: a lens, light that falls off, grain. `noise` in grey levels."""
    page = Image.new("L", (round(WIDTH / MM * dpi), round(HEIGHT / MM * dpi)), PAPER)
    if draw is not None:
        page = draw(page, dpi / MM) or page
    page = page.filter(ImageFilter.GaussianBlur(dpi / 500))
    fall = Image.linear_gradient("L").resize(page.size).point([level * light // 255 for level in range(256)])
    page = ImageChops.subtract(page, fall)
    grain = Image.frombytes("L", (256, 256), random.Random(1).randbytes(65536)).point(
        [v * noise // 128 for v in range(256)]
    )
    tiled = Image.new("L", page.size)
    for left in range(0, page.width, 256):
        for top in range(0, page.height, 256):
            tiled.paste(grain.rotate(90 * ((left + top) // 256 % 4)), (left, top))
    return ImageChops.add(page, tiled, offset=-noise)


def _written(text: str, points: float, ink: int = 38, place: tuple[float, float] = (0.5, 0.95)) -> Draw:
    def draw(page: Image.Image, mm: float) -> None:
        size = points / 72 * MM * mm
        where = (page.width * place[0], page.height * place[1] - size)
        ImageDraw.Draw(page).text(where, text, ink, ImageFont.load_default(size))

    return draw


def _pencil(contrast: int) -> Draw:
    def draw(page: Image.Image, mm: float) -> None:
        points = [((40 + i) * mm, (80 + 3 * (i % 3)) * mm) for i in range(40)]
        ImageDraw.Draw(page).line(points, PAPER - contrast, width=max(1, round(0.35 * mm)))

    return draw


def _stamp(page: Image.Image, mm: float) -> None:
    canvas = ImageDraw.Draw(page)
    canvas.ellipse((90 * mm, 150 * mm, 120 * mm, 180 * mm), outline=200, width=max(1, round(0.5 * mm)))
    canvas.text((95 * mm, 162 * mm), "RECEIVED", 200, ImageFont.load_default(3 * mm))


def _other_side(page: Image.Image, mm: float) -> Image.Image:
    print_ = scan_page(" ".join(LETTER[0].split()[:60]), dpi=round(mm * MM), skew=0, noise=0).resize(page.size)
    mirrored = print_.transpose(Image.Transpose.FLIP_LEFT_RIGHT).filter(ImageFilter.GaussianBlur(0.25 * mm))
    return Image.blend(page, mirrored, 0.07)


def _lid(page: Image.Image, mm: float) -> None:
    """Dark along two edges, one of them askew."""
    canvas = ImageDraw.Draw(page)
    canvas.rectangle((0, 0, 6 * mm, page.height), 25)
    canvas.polygon([(0, 0), (page.width, 0), (page.width, 9 * mm), (0, 1 * mm)], 25)


def _dust(page: Image.Image, mm: float) -> None:
    chance = random.Random(3)
    for _ in range(12):
        x, y = chance.uniform(10, WIDTH - 10) * mm, chance.uniform(10, HEIGHT - 10) * mm
        ImageDraw.Draw(page).ellipse((x, y, x + 0.3 * mm, y + 0.3 * mm), 60)


@pytest.mark.parametrize("dpi", [150, 200, 300])
@pytest.mark.parametrize("noise", [3, 12])
@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(None, id="nothing"),
        pytest.param(_other_side, id="print on the other side"),
        pytest.param(_lid, id="dark borders"),
        pytest.param(_dust, id="dust"),
    ],
)
def test_paper_without_writing_is_blank(draw: Draw | None, dpi: int, noise: int) -> None:
    assert is_blank(PageImage(_paper(dpi, draw, noise), dpi))


@pytest.mark.parametrize("dpi", [100, 200, 300, 600])
@pytest.mark.parametrize("noise", [3, 12])
@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(_written("7", 9), id="a page number"),
        pytest.param(_written("1", 8), id="the thinnest page number"),
        pytest.param(_written("12", 10, ink=205), id="a faint page number"),
        pytest.param(_written("no.", 10, place=(0.1, 0.1)), id="a word in a corner"),
        pytest.param(_pencil(60), id="pencil"),
        pytest.param(_pencil(35), id="faint pencil"),
        pytest.param(_stamp, id="a stamp"),
    ],
)
def test_the_least_that_is_written_is_not_blank(draw: Draw, dpi: int, noise: int) -> None:
    assert not is_blank(PageImage(_paper(dpi, draw, noise), dpi))


@pytest.mark.parametrize("dpi", [200, 300])
def test_black_and_white_with_specks_is_blank_and_a_figure_is_not(dpi: int) -> None:
    empty = speckled(black_and_white(_paper(dpi)), 100, 1)
    numbered = speckled(black_and_white(_paper(dpi, _written("3", 9))), 100, 1)

    assert empty.mode == "1"
    assert is_blank(PageImage(empty, dpi))
    assert not is_blank(PageImage(numbered, dpi))


def test_a_page_number_beside_a_dark_border_is_not_part_of_it() -> None:
    def draw(page: Image.Image, mm: float) -> None:
        _lid(page, mm)
        _written("4", 10, place=(0.5, 0.97))(page, mm)

    assert not is_blank(PageImage(_paper(300, draw), 300))


def test_white_of_any_size_is_blank_but_a_scrap_is_not_judged() -> None:
    assert is_blank(PageImage(Image.new("L", (2480, 3508), 255), 300))
    assert is_blank(PageImage(Image.new("1", (2480, 3508), 1), 0))
    assert not is_blank(PageImage(Image.new("L", (200, 40), 255), 300))


@pytest.mark.parametrize("level", [0, 60])
def test_a_dark_page_is_left_to_the_recogniser(level: int) -> None:
    page = Image.new("L", (1000, 1400), level)
    page.putpixel((3, 3), 255)

    assert not is_blank(PageImage(page, 200))


def test_a_resolution_that_nobody_says_is_taken_from_the_size() -> None:
    assert not is_blank(PageImage(_paper(200, _written("7", 9)), 0))
    assert is_blank(PageImage(_paper(200), 0))


def test_a_page_of_print_is_told_at_a_glance() -> None:
    page = scan_page(LETTER[0], dpi=200)

    assert not is_blank(PageImage(page, 200))

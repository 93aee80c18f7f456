import pytest
from PIL import Image, ImageDraw

from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.sample import sample_of


def page(width: int, height: int, mode: str = "L") -> Image.Image:
    return Image.new(mode, (width, height), 255 if mode == "L" else 1)


@pytest.mark.parametrize("mode", ["L", "1"])
def test_the_densest_band_over_the_whole_width_is_taken(mode: str) -> None:
    image = page(2480, 3508, mode)
    draw = ImageDraw.Draw(image)
    for top in range(2000, 2380, 40):
        for left in range(200, 2200, 30):
            draw.rectangle((left, top, left + 12, top + 20), fill=0)
    draw.rectangle((100, 100, 2300, 1500), fill=0)  # a picture, dark all over

    sample = sample_of(PageImage(image, 300))

    assert (sample.image.width, sample.dpi, sample.image.mode) == (2480, 300, mode)
    assert sample.image.height == round(3508 * 0.12)
    assert sample.image.convert("L").getextrema() == (0, 255)
    dark = sample.image.convert("L").histogram()[0]
    assert dark > 0.8 * 10 * 67 * 13 * 21


@pytest.mark.parametrize("size", [(1, 1), (2000, 200), (1, 5000), (1, 32767), (5000, 400), (300, 301)])
def test_small_and_odd_pages_are_taken_as_they_are_or_in_part(size: tuple[int, int]) -> None:
    sample = sample_of(PageImage(page(*size), 0))

    assert sample.image.width == size[0]
    assert 1 <= sample.image.height <= max(300, size[1])

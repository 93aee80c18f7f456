import io
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.speed.images import AS_IT_IS, VARIANTS, decoded, pnm
from ocr_platform.ocr.pages import PageImage

INK, PAPER = 0, 255


def page(mode: str) -> PageImage:
    """A bar of 40 x 20 pixels that touches the lower right corner of a page of 200 x 100, at 300 dpi."""
    image = Image.new(mode, (200, 100), PAPER)
    image.paste(INK, (160, 80, 200, 100))
    return PageImage(image, 300)


def ink(image: Image.Image) -> int:
    """Pixels darker than the middle grey."""
    return sum(image.convert("L").histogram()[:128])


@pytest.mark.parametrize("mode", ["1", "L"])
@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_keeps_what_is_on_the_page_and_its_mode(name: str, mode: str) -> None:
    changed = VARIANTS[name](page(mode))
    scale = changed.dpi / 300

    assert changed.image.mode == mode
    assert scale == (0.93 if "shrunk" in name else 1)
    assert ink(changed.image) == pytest.approx(800 * scale**2, rel=0.03)


def test_all_variants_but_the_first_differ_from_the_page() -> None:
    original = page("L")
    seen = {name: pnm(change(original).image) for name, change in VARIANTS.items()}

    assert seen[AS_IT_IS] == pnm(original.image)
    assert len(set(seen.values())) == len(VARIANTS)


def test_a_page_of_one_bit_is_not_dithered() -> None:
    image = Image.new("1", (600, 100), PAPER)
    image.paste(INK, (100, 40, 500, 60))
    turned = VARIANTS["turned by 0.4 degrees"](PageImage(image, 300)).image.convert("L")

    rows = [turned.crop((0, y, turned.width, y + 1)).tobytes() for y in range(turned.height)]

    assert max(len(row.replace(b"\xff", b" ").split()) for row in rows) == 1, "dots beside the slanted edge"


@pytest.mark.parametrize("mode", ["1", "L"])
def test_the_command_gets_the_same_pixels(mode: str) -> None:
    image = page(mode).image

    with Image.open(io.BytesIO(pnm(image))) as read:
        assert (read.mode, read.tobytes()) == (mode, image.tobytes())


def test_pages_are_decoded_as_a_worker_does(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(path, dpi=(200, 200))

    read = decoded(path)

    assert (read.image.mode, read.image.getextrema(), read.dpi) == ("L", (255, 255), 200)


def test_a_file_that_is_no_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text("no image")

    with pytest.raises(ValueError, match="unknown format"):
        decoded(path)

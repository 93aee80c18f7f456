"""Draws text as the scan of an A4 page, and writes such pages as PDF or TIFF, with Pillow alone.

Everything here gives the same pixels for the same arguments on the same version of Pillow: the font
is the one inside Pillow, and all chance comes from a seeded generator.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

A4_INCHES = (210 / 25.4, 297 / 25.4)
MARGIN_INCHES = 0.9
POINTS = 11.5
LINE_SPACING = 1.45
PAPER, INK = 244, 38  # grey levels: no scanner sees pure white paper or pure black ink

# A PDF without dates gets the time of writing from Pillow; a fixed one keeps the bytes the same.
FIXED_TIME = time.gmtime(1_735_689_600)  # 2025-01-01T00:00:00Z


def wrap(text: str) -> list[str]:
    """The lines that `scan_page` draws for `text`: long ones folded, blank ones and line ends kept."""
    font = ImageFont.load_default(100)  # one size for all resolutions, so that all fold alike
    limit = (A4_INCHES[0] - 2 * MARGIN_INCHES) * 72 / POINTS * 100
    lines: list[str] = []
    for source in text.rstrip().split("\n"):
        line, *words = source.split(" ")
        for word in words:
            if font.getlength(f"{line} {word}") > limit:
                lines.append(line)
                line = word
            else:
                line += f" {word}"
        lines.append(line.rstrip())
    return lines


def page_size(dpi: int) -> tuple[int, int]:
    """Width and height of an A4 page in pixels."""
    return round(A4_INCHES[0] * dpi), round(A4_INCHES[1] * dpi)


def scan_page(text: str, *, dpi: int = 300, skew: float = 0.4, noise: float = 0.12, seed: int = 0) -> Image.Image:
    """`text` as an A4 page on a flatbed: an 8-bit grey image ("L") of `page_size(dpi)` pixels.

    `skew` is in degrees, counter-clockwise.  `noise` is the half-range of the sensor's noise as a share
    of the grey scale, before the blur which makes it grainy: 0 is a clean page, from 0.5 it hurts.
    Raises ValueError for text that the font can't draw (anything but ASCII) or that overflows the page.
    """
    page = _printed(text, dpi).rotate(skew, Image.Resampling.BICUBIC, fillcolor=PAPER)
    page = page.filter(ImageFilter.GaussianBlur(dpi / 500))  # the lens
    return _noisy(_uneven_light(page, seed), noise, seed)


def pdf_bytes(pages: Sequence[Image.Image], dpi: int) -> bytes:
    """A PDF whose pages hold one image each and no text: JPEG for grey and colour, CCITT G4 for 1-bit."""
    out = io.BytesIO()
    pages[0].save(
        out,
        "PDF",
        save_all=True,
        append_images=list(pages[1:]),
        resolution=dpi,
        quality=75,
        producer="tests/data/make.py",
        creationDate=FIXED_TIME,
        modDate=FIXED_TIME,
    )
    return out.getvalue()


def tiff_bytes(pages: Sequence[Image.Image], dpi: tuple[float, float], compression: str) -> bytes:
    """A TIFF of one frame per page.  `compression` as Pillow names it: group4, tiff_lzw, tiff_deflate..."""
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=list(pages[1:]), dpi=dpi, compression=compression)
    return out.getvalue()


def image_bytes(page: Image.Image, file_format: str, dpi: int) -> bytes:
    """One page as "PNG" or "JPEG", with its resolution noted."""
    out = io.BytesIO()
    page.save(out, file_format, dpi=(dpi, dpi), quality=85)
    return out.getvalue()


def write_pdf(pages: Sequence[Image.Image], path: Path, dpi: int = 300) -> None:
    """Write an image-only PDF, see `pdf_bytes`."""
    path.write_bytes(pdf_bytes(pages, dpi))


def write_tiff(pages: Sequence[Image.Image], path: Path, dpi: int = 300, compression: str = "tiff_lzw") -> None:
    """Write a TIFF of several pages, see `tiff_bytes`."""
    path.write_bytes(tiff_bytes(pages, (dpi, dpi), compression))


def black_and_white(page: Image.Image, threshold: int = 140) -> Image.Image:
    """A grey page as 1-bit ("1"), hard-edged as a fax has it: no dithering."""
    return page.point([0] * threshold + [255] * (256 - threshold)).convert("1", dither=Image.Dither.NONE)


def speckled(page: Image.Image, dots: int, seed: int) -> Image.Image:
    """A copy of `page` with that many black dots of one or two pixels strewn over it."""
    rng, spoilt = random.Random(seed), page.copy()
    draw = ImageDraw.Draw(spoilt)
    for _ in range(dots):
        x, y = rng.randrange(page.width), rng.randrange(page.height)
        draw.rectangle((x, y, x + rng.randrange(2), y + rng.randrange(2)), fill=0)
    return spoilt


def few_greys(page: Image.Image) -> Image.Image:
    """A grey page in 16 levels, which scanners offer too: noise makes 256 levels hard to compress."""
    return page.point([level // 16 * 17 for level in range(256)])


def _printed(text: str, dpi: int) -> Image.Image:
    if not text.isascii():
        raise ValueError("the font that comes with Pillow can draw ASCII only")
    page = Image.new("L", page_size(dpi), PAPER)
    draw = ImageDraw.Draw(page)
    size = POINTS / 72 * dpi
    font = ImageFont.load_default(size)
    left = top = MARGIN_INCHES * dpi
    for number, line in enumerate(wrap(text)):
        y = top + number * size * LINE_SPACING
        if y + size > page.height - top or left + draw.textlength(line, font) > page.width - left / 2:
            raise ValueError(f"line {number + 1} is beyond the edge of the page: {line!r}")
        draw.text((left, y), line, INK, font)
    return page


def _uneven_light(page: Image.Image, seed: int) -> Image.Image:
    """Darkens the page smoothly towards some corners, by up to a tenth."""
    rng = random.Random(f"light {seed}")
    corners = Image.frombytes("L", (2, 2), bytes(rng.randrange(230, 256) for _ in range(4)))
    return ImageChops.multiply(page, corners.resize(page.size, Image.Resampling.BICUBIC))


def _noisy(page: Image.Image, noise: float, seed: int) -> Image.Image:
    # Pillow's effect_noise can't be seeded.  One big draw of random bytes is as fast, without numpy.
    raw = random.Random(f"noise {seed}").randbytes(page.width * page.height)
    grain = Image.frombytes("L", page.size, raw)
    grain = grain.point([min(255, max(0, round(128 + noise * (2 * level - 255)))) for level in range(256)])
    grain = grain.filter(ImageFilter.GaussianBlur(0.6))
    return ImageChops.add(page, grain, scale=1, offset=-128)

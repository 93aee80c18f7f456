"""Images of a page: as the platform decodes it, and with small changes that a reader would not notice."""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PIL import Image, ImageOps

from benchmarks.speed.start import settings_of_nowhere
from ocr_platform.ocr.formats import HEAD_BYTES, sniff
from ocr_platform.ocr.opening import open_pages
from ocr_platform.ocr.pages import PageImage
from ocr_platform.runtime import Runtime

AS_IT_IS = "as it is"
_WHITE = 255
_MOVED = (7, 5, 0, 0)  # pixels of paper on the left, above, on the right, below
_SHRUNK = 0.93


def decoded(path: Path) -> PageImage:
    """The first page of a file, as a worker decodes it."""
    with path.open("rb") as file:
        kind = sniff(file.read(HEAD_BYTES))
        file.seek(0)
        if kind is None:
            raise ValueError("a page of an unknown format")
        return open_pages(file, kind, Runtime(settings_of_nowhere()).limits).render(1)


def pnm(image: Image.Image) -> bytes:
    """Grey or one bit a pixel as a file of PNM, which keeps every pixel and says nothing of a resolution."""
    out = io.BytesIO()
    image.save(out, "PPM")
    return out.getvalue()


def _moved(image: Image.Image) -> Image.Image:
    """Paper is added: nothing is cut off, here or when it is turned."""
    return ImageOps.expand(image, _MOVED, _WHITE)


def _turned(degrees: float, image: Image.Image) -> Image.Image:
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=_WHITE)


def _shrunk(image: Image.Image) -> Image.Image:
    return image.resize((round(image.width * _SHRUNK), round(image.height * _SHRUNK)), Image.Resampling.LANCZOS)


def _changed(change: Callable[[Image.Image], Image.Image], scale: float, page: PageImage) -> PageImage:
    """A page changed in grey; one of one bit is cut at the middle grey, since dithering would fray letters."""
    grey = change(page.image.convert("L"))
    image = grey.convert("1", dither=Image.Dither.NONE) if page.image.mode == "1" else grey
    return replace(page, image=image, dpi=round(page.dpi * scale))


# Each keeps what is on the page and its mode; the resolution is true of the same sheet of paper.
VARIANTS: dict[str, Callable[[PageImage], PageImage]] = {
    AS_IT_IS: lambda page: page,
    "moved by 7 and 5 pixels": partial(_changed, _moved, 1),
    "turned by 0.4 degrees": partial(_changed, partial(_turned, 0.4), 1),
    "turned by -0.7 degrees": partial(_changed, partial(_turned, -0.7), 1),
    "shrunk to 93 %": partial(_changed, _shrunk, _SHRUNK),
}

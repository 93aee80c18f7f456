"""Pages of image files by Pillow: TIFF (each directory a page), PNG, JPEG."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from PIL import Image, ImageOps

from ocr_platform.errors import DocumentDamaged, PageDamaged
from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.pages import PageImage

# The decoders that a format may use: Pillow would otherwise try every one that it knows.
_DECODERS = {
    DocumentFormat.TIFF: ("TIFF",),
    DocumentFormat.PNG: ("PNG",),
    DocumentFormat.JPEG: ("JPEG",),
}
# Scanners lie about resolution; outside of this Tesseract's own estimate is better.
_PLAUSIBLE_DPI = range(70, 2401)
_WHITE = 255

# The size is checked against our own limit before anything is unpacked.
Image.MAX_IMAGE_PIXELS = None


@contextmanager
def _decoding(error: type[DocumentDamaged | PageDamaged]) -> Iterator[None]:
    """Pillow raises many kinds of errors on damaged files; all mean the same."""
    try:
        yield
    except MemoryError:
        raise
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        ArithmeticError,
        RuntimeError,
    ) as exc:
        raise error from exc


class ImagePages:
    """Pages of an image file."""

    def __init__(self, file: BinaryIO, format: DocumentFormat, limits: Limits) -> None:
        with _decoding(DocumentDamaged):
            self._image = Image.open(file, formats=_DECODERS[format])
        self._many = format is DocumentFormat.TIFF
        self._limits = limits

    def count(self) -> int:
        """TIFF directories; one for all else. A directory that cannot be read ends the document."""
        return self._limits.count(self._sizes())

    def _sizes(self) -> Iterator[int]:
        """Pixels of each page by its header alone."""
        yield self._image.width * self._image.height
        number = 1
        while self._many and self._seek(number):
            yield self._image.width * self._image.height
            number += 1

    def render(self, number: int) -> PageImage:
        """A page as grey, transparency on white; a black-and-white one stays as it is."""
        if number > 1 and not self._seek(number - 1):
            raise PageDamaged
        if number == 1 and self._many:
            self._seek(0)
        self._limits.require_page(*self._image.size)
        with _decoding(PageDamaged):
            self._image.load()
            ImageOps.exif_transpose(self._image, in_place=True)  # cameras turn the tag and not the pixels
            return PageImage(_grey(self._image), _resolution(self._image))

    def picture(self, number: int) -> Image.Image:
        """A page as it is stored, in all its colours, not unpacked yet: `load` may raise what a decoder raises."""
        if number > 1 and not self._seek(number - 1):
            raise PageDamaged
        if number == 1 and self._many:
            self._seek(0)
        self._limits.require_page(*self._image.size)
        return self._image

    def _seek(self, index: int) -> bool:
        try:
            with _decoding(PageDamaged):
                self._image.seek(index)
        except (EOFError, PageDamaged):
            return False
        return True


def _grey(image: Image.Image) -> Image.Image:
    """8-bit grey of any mode that Pillow decodes to; one bit a pixel needs no more."""
    if image.mode == "1":
        return image
    if image.mode in ("I;16", "I;16B", "I;16L", "I;16N"):
        # Pillow's own conversion clips 16 bits at 255 instead of scaling them.
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("I", "F"):
        return _stretched(image)
    if "A" in image.getbands() or "transparency" in image.info:
        layers = image.convert("RGBA")
        paper = Image.new("RGBA", layers.size, (_WHITE, _WHITE, _WHITE, _WHITE))
        return Image.alpha_composite(paper, layers).convert("L")
    return image.convert("L")


def _stretched(image: Image.Image) -> Image.Image:
    """Levels of 32 bits have no agreed white: the lightest becomes it."""
    low, high = cast("tuple[float, float]", image.getextrema())
    scale = _WHITE / max(high - low, _WHITE)
    return image.point(lambda value: value * scale + -low * scale).convert("L")


def _resolution(image: Image.Image) -> int:
    try:
        dpi = round(float(image.info["dpi"][0]))
    except (KeyError, TypeError, ValueError, IndexError, ArithmeticError):
        return 0
    return dpi if dpi in _PLAUSIBLE_DPI else 0

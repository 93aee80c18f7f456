"""Pages made worse in ways that scanners and cameras know, by how much."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from ocr_platform.ocr.pages import PageImage

_WHITE = 255
_QUARTERS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One way of making a page worse, at several levels; what a level is, is in the title."""

    title: str
    levels: tuple[float, ...]
    made: Callable[[PageImage, float], PageImage]


def _turned(page: PageImage, degrees: float) -> PageImage:
    quarters = int(degrees)
    return page if not quarters else PageImage(page.image.transpose(_QUARTERS[quarters]), page.dpi)


def _at_resolution(page: PageImage, dpi: float) -> PageImage:
    size = (round(page.image.width * dpi / page.dpi), round(page.image.height * dpi / page.dpi))
    return PageImage(page.image.resize(size, Image.Resampling.LANCZOS), round(dpi))


def _skewed(page: PageImage, degrees: float) -> PageImage:
    if not degrees:
        return page
    turned = page.image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=_WHITE)
    return PageImage(turned, page.dpi)


def _shaded(page: PageImage, least: float) -> PageImage:
    """A shadow over the right half: the light falls to a share of itself."""
    across = [_WHITE * (1 - (1 - least) * max(0.0, column / 32 - 1)) for column in range(64)]
    shadow = Image.frombytes("L", (64, 1), bytes(round(level) for level in across))
    return PageImage(
        ImageChops.multiply(page.image, shadow.resize(page.image.size, Image.Resampling.BILINEAR)), page.dpi
    )


def _blurred(page: PageImage, radius: float) -> PageImage:
    """A Gaussian; the radius in pixels at 300 dpi."""
    if not radius:
        return page
    return PageImage(page.image.filter(ImageFilter.GaussianBlur(radius * page.dpi / 300)), page.dpi)


CHANGES: Mapping[str, Change] = {
    "rotation": Change("turned counter-clockwise, degrees", (0, 90, 180, 270), _turned),
    "resolution": Change("resolution, dots per inch", (72, 100, 150, 200, 300, 400, 600), _at_resolution),
    "skew": Change("leaning, degrees", (0, 1, 2, 3, 5, 7, 10, 15), _skewed),
    "light": Change("light left in the shadow", (1.0, 0.8, 0.6, 0.4, 0.25), _shaded),
    "blur": Change("blur, pixels at 300 dpi", (0, 1, 2, 3, 4), _blurred),
}

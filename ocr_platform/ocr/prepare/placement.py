"""Where a prepared page lies on the page that the document shows: turned by quarters, straightened, enlarged."""

import math
from dataclasses import dataclass, replace

from PIL import Image

from ocr_platform.models import Word
from ocr_platform.ocr.turning import turned_image

# Against what binary fractions add: a page that grows by half has exactly half as many pixels more.
_EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class Placement:
    """How a page of `width` by `height` pixels was changed; pixels are counted from the upper left corner.

    In this order: turned by `rotation` degrees clockwise (0, 90, 180, 270), by `skew` more (about the middle, on a
    canvas that grows so that nothing is cut off), and enlarged by `scale`.
    """

    width: int
    height: int
    rotation: int = 0
    skew: float = 0.0
    scale: float = 1.0

    @property
    def changes_nothing(self) -> bool:
        """Whether the page is handed over as it lies."""
        return not self.rotation and not self.skew and self.scale == 1.0

    def applied(self, image: Image.Image, paper: int) -> Image.Image:
        """The page so changed; new corners have the level of the paper. Quarters alone move pixels and change none."""
        turned = turned_image(image, self.rotation)
        if not self.skew and self.scale == 1.0:
            return turned
        if not self.skew:
            return turned.convert("L").resize(self._size(), Image.Resampling.BICUBIC)
        return turned.convert("L").transform(
            self._size(),
            Image.Transform.AFFINE,
            self._matrix(),
            Image.Resampling.BICUBIC,
            fillcolor=paper,
        )

    def on_the_page(self, word: Word) -> Word:
        """A word of the prepared page where it stands on the original: the smallest upright box that holds its box."""
        corners = [
            self._point(x, y) for x in (word.left, word.left + word.width) for y in (word.top, word.top + word.height)
        ]
        left, right = (_within(edge, self.width) for edge in _span([x for x, _ in corners]))
        top, bottom = (_within(edge, self.height) for edge in _span([y for _, y in corners]))
        return replace(word, left=left, top=top, width=right - left, height=bottom - top, rotation=self.rotation)

    def _point(self, x: float, y: float) -> tuple[float, float]:
        """A point of the prepared page on the original."""
        if self.skew or self.scale != 1.0:
            a, b, c, d, e, f = self._matrix()
            x, y = a * x + b * y + c, d * x + e * y + f
        match self.rotation:
            case 90:
                return y, self.height - x
            case 180:
                return self.width - x, self.height - y
            case 270:
                return self.width - y, x
            case _:
                return x, y

    def _turned(self) -> tuple[int, int]:
        """Width and height after the quarters."""
        return (self.height, self.width) if self.rotation in (90, 270) else (self.width, self.height)

    def _size(self) -> tuple[int, int]:
        """Width and height of the prepared page."""
        width, height = self._turned()
        if not self.skew:
            return round(width * self.scale), round(height * self.scale)
        sine, cosine = abs(math.sin(math.radians(self.skew))), math.cos(math.radians(self.skew))
        across, down = width * cosine + height * sine, width * sine + height * cosine
        return math.ceil(across * self.scale - _EXACT), math.ceil(down * self.scale - _EXACT)

    def _matrix(self) -> tuple[float, float, float, float, float, float]:
        """From the prepared page to the turned one: x = a x' + b y' + c, y = d x' + e y' + f."""
        width, height = self._turned()
        new_width, new_height = self._size()
        if not self.skew:
            return width / new_width, 0.0, 0.0, 0.0, height / new_height, 0.0
        angle = math.radians(self.skew)
        cosine, sine = math.cos(angle) / self.scale, math.sin(angle) / self.scale
        across = width / 2 - cosine * new_width / 2 - sine * new_height / 2
        down = height / 2 + sine * new_width / 2 - cosine * new_height / 2
        return cosine, sine, across, -sine, cosine, down


def _span(values: list[float]) -> tuple[int, int]:
    """The whole pixels that hold all of them."""
    return math.floor(min(values) + _EXACT), math.ceil(max(values) - _EXACT)


def _within(edge: int, most: int) -> int:
    return min(max(edge, 0), most)

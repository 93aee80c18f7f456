"""Which part of a page a viewer shows, and where a pixel of it lies."""

from dataclasses import dataclass
from typing import Any

import pikepdf

# A page without a usable box is shown as US letter, as PDFium does.
_LETTER = (0.0, 0.0, 612.0, 792.0)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a viewer shows of a page: a box in the page's own units, turned clockwise by `rotate` degrees."""

    left: float
    bottom: float
    right: float
    top: float
    rotate: int

    def placement(self, width: int, height: int) -> tuple[float, float, float, float, float, float]:
        """The matrix from pixels of the shown page, counted from its lower left corner, to the page's own units.

        `width` and `height` are the shown page's, in pixels. UserUnit needs no thought: both sides are of one page.
        """
        wide, high = self.right - self.left, self.top - self.bottom
        match self.rotate:
            case 90:
                return 0, high / width, -wide / height, 0, self.right, self.bottom
            case 180:
                return -wide / width, 0, 0, -high / height, self.right, self.top
            case 270:
                return 0, -high / width, wide / height, 0, self.left, self.top
            case _:
                return wide / width, 0, 0, high / height, self.left, self.bottom


def shown(page: pikepdf.Object) -> Shown:
    """What is shown of a page whose inherited attributes are its own: its crop box within its media box."""
    media = _box(page.get("/MediaBox")) or _LETTER
    crop = _box(page.get("/CropBox"))
    if crop is not None:
        both = (max(crop[0], media[0]), max(crop[1], media[1]), min(crop[2], media[2]), min(crop[3], media[3]))
        media = both if _has_area(both) else media
    return Shown(*media, _rotation(page.get("/Rotate")))


def _box(value: Any) -> tuple[float, float, float, float] | None:
    """A rectangle with its corners in order; None when it is none."""
    try:
        first, second, third, fourth = (float(side) for side in value)
    except (TypeError, ValueError):
        return None
    box = (min(first, third), min(second, fourth), max(first, third), max(second, fourth))
    return box if _has_area(box) else None


def _has_area(box: tuple[float, float, float, float]) -> bool:
    return box[2] > box[0] and box[3] > box[1]


def _rotation(value: Any) -> int:
    try:
        turns = int(float(value)) // 90
    except (TypeError, ValueError, ArithmeticError):
        return 0
    return turns * 90 % 360

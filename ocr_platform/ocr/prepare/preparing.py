"""The steps together: measure a small copy, decide, change the page at most once."""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.prepare import light
from ocr_platform.ocr.prepare.columns import in_columns
from ocr_platform.ocr.prepare.ink import Copy, small_copy
from ocr_platform.ocr.prepare.letters import Boxes, components, dark_bands, letters, smaller, turned
from ocr_platform.ocr.prepare.lines import Lie, lie_of
from ocr_platform.ocr.prepare.placement import Placement

# Rows of letters that are that many times sharper on another side than at the bottom: the page does not stand upright.
_TURNED = 1.15
# Tesseract follows lines that lean less, and turning blurs.
_LEAST_SKEW = 1.0
# Letters smaller than this (height of x in pixels) are enlarged until they are about so high, at most so many times.
_SMALL, _WANTED, _MOST_SCALE = 12, 20, 4.0
_MOST_PIXELS = 30_000_000
# Larger ones are reduced to the same height, to no less than so much; unless so many smaller ones, for each of them,
# show that there is small print on the page, which is not to be lost. Print without any has up to 0.15.
_LARGE, _LEAST_SCALE, _SMALL_PRINT = 26, 0.4, 0.2
# Resolutions that programs write when they know none: Tesseract's own estimate by the letters is better.
_UNTRUE = frozenset({72, 96})
# Languages whose letters hang from a line: their tops are in a row.
_HANGING = frozenset({"asm", "ben", "hin", "mar", "nep", "pan", "san"})
_MOSTLY = 0.5
_WHITE = 255
# Letters of fewer pixels in the copy run into each other, and fewer letters than these say nothing.
_TOLD_APART, _ENOUGH = 6, 100


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page as it is handed to the recogniser, and where it lies on the page as it was.

    `lie` is None where there are too few letters to say; then the page may have `columns`. `inverse` says that there
    are dark areas in which white text may stand. `levelled` is the page before it was moved, `paper` the level of its
    paper.
    """

    page: PageImage
    placement: Placement
    levelled: PageImage
    paper: int
    lie: Lie | None
    columns: bool
    inverse: bool

    def in_even_light(self) -> Self:
        """The same page, its light evened whether or not that is needed; one bit a pixel has none."""
        if self.levelled.image.mode != "L":
            return self
        copy = small_copy(self.levelled.image)
        levels, _uneven = light.paper_levels(copy.grey)
        page = PageImage(light.evened(self.levelled.image, levels, copy.reduced), self.levelled.dpi)
        return replace(self, levelled=page, page=_placed(page, self.placement, _WHITE))

    def turned_by(self, rotation: int) -> Self:
        """The same page, turned otherwise."""
        skew = 0.0 if self.lie is None else self.lie.skew[rotation]
        skew = skew if abs(skew) >= _LEAST_SKEW else 0.0
        scale = max(1.0, self.placement.scale) if skew else self.placement.scale
        placement = replace(self.placement, rotation=rotation, skew=skew, scale=scale)
        return replace(self, placement=placement, page=_placed(self.levelled, placement, self.paper))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A page in even light and dark on light, and what there is in its copy."""

    image: Image.Image
    copy: Copy
    boxes: Boxes
    pixels: npt.NDArray[np.int64]
    letters: Boxes
    height: int


def prepared(page: PageImage, languages: str, *, enlarge: bool = True) -> Prepared:
    """A page dark on light, in even light, upright, straight, and with letters of the size that is read best."""
    seen = _closely(_in_even_light(_dark_on_light(page.image)))
    levelled = PageImage(seen.image, 0 if page.dpi in _UNTRUE else page.dpi)
    placement, columns = Placement(*seen.image.size), True
    lie = lie_of(seen.letters, seen.height)
    if lie is not None:
        rotation = upright(lie, languages)
        skew = lie.skew[rotation]
        columns = in_columns(turned(seen.letters, rotation), seen.height, skew)
        skew = skew if abs(skew) >= _LEAST_SKEW else 0.0
        placement = replace(placement, rotation=rotation, skew=skew, scale=_scale(seen, skew, enlarge=enlarge))
    return Prepared(
        page=_placed(levelled, placement, seen.copy.paper),
        placement=placement,
        levelled=levelled,
        paper=seen.copy.paper,
        lie=lie,
        columns=columns,
        inverse=lie is None or dark_bands(seen.boxes, seen.pixels, seen.height),
    )


def _placed(page: PageImage, placement: Placement, paper: int) -> PageImage:
    image = page.image
    if placement.skew and image.mode == "L":
        # A leaning page often has corners whiter than its paper: with still larger ones, paper would be taken for ink.
        image = image.point([min(level, paper) for level in range(_WHITE + 1)])
    return PageImage(placement.applied(image, paper), round(page.dpi * placement.scale))


def _seen(image: Image.Image, copy: Copy) -> _Seen:
    boxes, pixels = components(copy.ink)
    return _Seen(image, copy, boxes, pixels, *letters(boxes, pixels))


def upright(lie: Lie, languages: str) -> int:
    """By how many degrees clockwise a page has to be turned; 0 unless that is clear."""
    hanging = bool(_HANGING.intersection(languages.split("+")))
    stands = 180 if hanging else 0
    found = lie.rotation
    return (found + stands) % 360 if lie.beats(found, stands) >= _TURNED else 0


def _scale(seen: _Seen, skew: float, *, enlarge: bool) -> float:
    """How many times larger the page is to be; not below 1 where it is straightened, too: pixels would be left out."""
    height = seen.height * seen.copy.reduced
    if height < _SMALL and enlarge:
        room = math.sqrt(_MOST_PIXELS / (seen.image.width * seen.image.height))
        return max(1.0, min(_WANTED / height, _MOST_SCALE, room))
    if height < _LARGE or skew:
        return 1.0
    small = smaller(seen.boxes, seen.pixels, seen.height)
    return 1.0 if small > _SMALL_PRINT * len(seen.letters) else max(_WANTED / height, _LEAST_SCALE)


def _dark_on_light(image: Image.Image) -> _Seen:
    """The page with its levels turned over where most of it is dark, and more letters are found in the light."""
    seen = _seen(image, small_copy(image))
    if seen.copy.ink.mean() <= _MOSTLY:
        return seen
    image = ImageOps.invert(image.convert("L"))
    other = _seen(image, small_copy(image))
    return other if len(other.letters) > len(seen.letters) else seen


def _in_even_light(seen: _Seen) -> _Seen:
    if seen.image.mode != "L":
        return seen
    levels, uneven = light.paper_levels(seen.copy.grey)
    if not uneven:
        return seen
    image = light.evened(seen.image, levels, seen.copy.reduced)
    return _seen(image, small_copy(image))


def _closely(seen: _Seen) -> _Seen:
    """The middle of the page looked at without reducing it, where its letters are too small to be told apart."""
    if seen.copy.reduced == 1 or (seen.height >= _TOLD_APART and len(seen.letters) >= _ENOUGH):
        return seen
    width, height = (side // seen.copy.reduced for side in seen.image.size)
    left, top = (seen.image.width - width) // 2, (seen.image.height - height) // 2
    middle = seen.image.crop((left, top, left + width, top + height))
    closer = _seen(seen.image, small_copy(middle))
    return closer if len(closer.letters) >= _ENOUGH else seen

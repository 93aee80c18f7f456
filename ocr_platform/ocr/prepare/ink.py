"""Where the ink of a page is: a small copy of it, and the level that parts ink from paper."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Mask = npt.NDArray[np.bool_]
Grey = npt.NDArray[np.uint8]

# The copy has about so many pixels at most: letters of 10 points at 300 dpi are 7 pixels high in it, on a page of A4.
_COPY_PIXELS = 1_700_000
_LEVELS = 256
_HALF = 128
_BAND = 128


@dataclass(frozen=True, slots=True)
class Copy:
    """A page reduced by a whole number: its grey levels (rows, columns), its ink, and the levels of both.

    `paper` is the level in the middle of those that are no ink; `threshold` the lightest level that is ink.
    """

    grey: Grey
    ink: Mask
    reduced: int
    paper: int
    threshold: int


def small_copy(image: Image.Image) -> Copy:
    """A copy of a page that is quickly looked at. Reducing means averaging, which takes the noise of scanners away."""
    reduced = 1
    while image.width * image.height > _COPY_PIXELS * reduced * reduced:
        reduced += 1
    small = _reduced(image, reduced)
    counts = np.array(small.histogram(), dtype=np.float64)
    threshold = _HALF if image.mode == "1" else otsu(counts)
    lighter = np.cumsum(counts[threshold + 1 :])
    paper = threshold + 1 + int(np.searchsorted(lighter, lighter[-1] / 2)) if lighter[-1:].any() else threshold
    grey = np.asarray(small)
    return Copy(grey, grey <= threshold, reduced, paper, threshold)


def _reduced(image: Image.Image, reduced: int) -> Image.Image:
    """The page in grey and so many times smaller, by bands: the whole in grey could be eight times what there is."""
    if reduced == 1:
        return image if image.mode == "L" else image.convert("L")
    if image.mode == "L":
        return image.reduce(reduced)
    small = Image.new("L", (-(-image.width // reduced), -(-image.height // reduced)), None)  # each pixel gets pasted
    step = _BAND * reduced
    for top in range(0, image.height, step):
        band = image.crop((0, top, image.width, min(top + step, image.height)))
        small.paste(band.convert("L").reduce(reduced), (0, top // reduced))
    return small


def otsu(counts: npt.NDArray[np.float64]) -> int:
    """The level that parts a histogram of 256 levels best: N. Otsu, IEEE Trans. SMC 9 (1979), 62-66."""
    below, moments = np.cumsum(counts), np.cumsum(counts * np.arange(_LEVELS))
    above = below[-1] - below
    apart = (moments[-1] * below / max(below[-1], 1) - moments) ** 2
    between = np.divide(apart, below * above, out=np.zeros(_LEVELS), where=(below > 0) & (above > 0))
    return int(np.argmax(between))

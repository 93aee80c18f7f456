"""Light that falls unevenly: a shadow, a fold, the edge of a photograph. The darker paper would be taken for ink."""

import numpy as np
from PIL import Image, ImageFilter

from ocr_platform.ocr.prepare.ink import Copy, Grey, otsu

# Side of a tile in pixels of the copy: a letter or two, so that nearly each has a bit of paper.
_TILE = 24
# What is darker than this is no paper in shadow: the surroundings of a photographed page, a picture.
_NO_PAPER = 40
# A shadow takes the light of so much of the page that the page's one threshold takes its paper for ink.
_SHADED = 0.02
_WHITE = 255
# Rows that are worked on at a time: a large page must not be in memory many times over.
_BAND = 512


def paper_levels(grey: Grey) -> Grey:
    """The lightest level near each tile, smoothed: what the paper has there."""
    height, width = grey.shape
    rows, columns = -(-height // _TILE), -(-width // _TILE)
    padded = np.pad(grey, ((0, rows * _TILE - height), (0, columns * _TILE - width)), mode="edge")
    tiles = padded.reshape(rows, _TILE, columns, _TILE).max(axis=(1, 3))
    smooth = Image.fromarray(tiles).filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.GaussianBlur(1))
    return np.asarray(smooth)


def is_uneven(copy: Copy, levels: Grey) -> bool:
    """Whether paper somewhere is as dark as the page's ink elsewhere."""
    shaded = (levels > _NO_PAPER) & (levels <= copy.threshold + (copy.paper - copy.threshold) // 4)
    return bool(shaded.mean() > _SHADED)


def evened(image: Image.Image, levels: Grey, reduced: int) -> Image.Image:
    """The page as if all of its paper had the same light; `levels` are of tiles of a copy reduced so many times."""
    side = _TILE * reduced
    size = (levels.shape[1] * side, levels.shape[0] * side)
    paper = Image.fromarray(np.maximum(levels, _NO_PAPER)).resize(size, Image.Resampling.BILINEAR)
    result = Image.new("L", image.size)
    for top in range(0, image.height, _BAND):
        band = (0, top, image.width, min(top + _BAND, image.height))
        grey = np.asarray(image.crop(band), dtype=np.uint16) * _WHITE // np.asarray(paper.crop(band))
        result.paste(Image.fromarray(np.minimum(grey, _WHITE).astype(np.uint8)), band)
    return result


def ink_in_even_light(copy: Copy, levels: Grey) -> Copy:
    """The same copy with its ink found beside the paper around it."""
    grey = np.asarray(evened(Image.fromarray(copy.grey), levels, 1))
    threshold = otsu(np.bincount(grey.ravel(), minlength=256).astype(np.float64))
    return Copy(grey, grey <= threshold, copy.reduced, _WHITE, threshold)

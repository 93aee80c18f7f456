"""Light that falls unevenly: a shadow, a fold, the edge of a photograph. The darker paper would be taken for ink."""

import numpy as np
from PIL import Image, ImageFilter

from ocr_platform.ocr.prepare.ink import Grey

# Side of a tile in pixels of the copy: a letter or two, so that nearly each has a bit of paper.
_TILE = 16
# What is darker than this is no paper in shadow: the surroundings of a photographed page, a picture.
_NO_PAPER = 40
# Paper with less than this share of the light is in shadow, ink has less than that of its paper's; and what share of
# the page has to be so.
_SHADOW, _INK, _SHADED = 0.8, 0.7, 0.02
_WHITE = 255
# Rows that are worked on at a time: a large page must not be in memory many times over.
_BAND = 512


def paper_levels(grey: Grey) -> tuple[Grey, bool]:
    """The lightest level near each tile, which the paper has there, and whether the light is uneven.

    It is where enough tiles with something on them have paper that is far from the lightest, and yet no table or
    picture: there the page's one threshold would take paper for ink, or lose what is faint.
    """
    height, width = grey.shape
    rows, columns = -(-height // _TILE), -(-width // _TILE)
    padded = np.pad(grey, ((0, rows * _TILE - height), (0, columns * _TILE - width)), mode="edge")
    tiles = padded.reshape(rows, _TILE, columns, _TILE)
    lightest, darkest = tiles.max(axis=(1, 3)), tiles.min(axis=(1, 3))
    # The greatest and then the least of neighbours fills what ink covers, and leaves slopes as they are.
    levels = np.asarray(Image.fromarray(lightest).filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.MinFilter(3)))
    written = darkest < _INK * levels
    shaded = written & (levels > _NO_PAPER) & (levels < _SHADOW * np.percentile(levels, 95))
    return levels, bool(shaded.mean() > _SHADED)


def evened(image: Image.Image, levels: Grey, reduced: int) -> Image.Image:
    """The page as if all of its paper had the same light; `levels` are of tiles of a copy reduced so many times."""
    side = _TILE * reduced
    size = (levels.shape[1] * side, levels.shape[0] * side)
    smooth = Image.fromarray(np.maximum(levels, _NO_PAPER)).filter(ImageFilter.GaussianBlur(1))
    paper = smooth.resize(size, Image.Resampling.BILINEAR)
    result = Image.new("L", image.size)
    for top in range(0, image.height, _BAND):
        band = (0, top, image.width, min(top + _BAND, image.height))
        grey = np.asarray(image.crop(band), dtype=np.uint16) * _WHITE // np.asarray(paper.crop(band))
        result.paste(Image.fromarray(np.minimum(grey, _WHITE).astype(np.uint8)), band)
    return result

"""What looks like letters on a page: its connected pieces of ink, of the size that most of them have."""

import numpy as np
import numpy.typing as npt

from ocr_platform.ocr.prepare.ink import Mask

# Rows of left, top, right, bottom; the latter two are the first pixels outside.
Boxes = npt.NDArray[np.int64]

# Of a letter, in pixels of the copy and as ratios: what is outside is noise, a rule or a picture.
_LEAST_HEIGHT, _MOST_HEIGHT = 4, 150
_LEAST_WIDTH = 2
_WIDEST, _TALLEST = 3, 6  # width to height, and height to width
_LEAST_FILL = 0.1  # of its box, in ink
# Around the commonest height: from small letters to capitals with an accent.
_FROM, _TO = 0.6, 2.2
# Below that small print begins; dots and commas end a little above where it does.
_SMALL_PRINT = 0.28
# Of a dark area with a word in it, in heights of x and as a share of its box.
_BAND_TALL, _BAND_WIDE, _BAND_FILL = 1.5, 4, 0.4
# More runs of ink than a page of the smallest print has are a halftone or noise, and nothing is to be measured by them.
_MOST_RUNS = 400_000


def components(ink: Mask) -> tuple[Boxes, npt.NDArray[np.int64]]:
    """Boxes of the connected pieces of ink (8-connected), and the pixels of each; none when there are far too many.

    Runs of ink in a row are found first; runs of neighbouring rows that touch get the smaller of their two labels until
    no label changes, each round following labels of labels.
    """
    rows, starts, ends = _runs(ink)
    count = len(rows)
    if not 0 < count <= _MOST_RUNS:
        return np.zeros((0, 4), np.int64), np.zeros(0, np.int64)
    upper, lower = _touching(rows, starts, ends, ink.shape[1] + 4)
    labels = np.arange(count)
    while True:
        least = np.minimum(labels[upper], labels[lower])
        merged = labels.copy()
        for runs in (labels[upper], labels[lower]):
            np.minimum.at(merged, runs, least)
        merged = merged[merged]
        merged = merged[merged]
        if np.array_equal(merged, labels):
            break
        labels = merged
    return _boxes(rows, starts, ends, labels)


def letters(boxes: Boxes, pixels: npt.NDArray[np.int64]) -> tuple[Boxes, int]:
    """Those that look like letters, and their commonest height in pixels: about that of x; 0 when there are none."""
    shaped = boxes[_shaped(boxes, pixels)]
    if not len(shaped):
        return shaped, 0
    heights = _heights(shaped)
    height = commonest(heights)
    return shaped[(heights >= _FROM * height) & (heights <= _TO * height)], height


def smaller(boxes: Boxes, pixels: npt.NDArray[np.int64], height: int) -> int:
    """How many pieces have a letter's shape and are well below the commonest height: small print, and some signs."""
    heights = _heights(boxes[_shaped(boxes, pixels)])
    return int(((heights >= _SMALL_PRINT * height) & (heights < _FROM * height)).sum())


def _shaped(boxes: Boxes, pixels: npt.NDArray[np.int64]) -> Mask:
    """Which pieces have the shape and the size of a letter."""
    widths, heights = boxes[:, 2] - boxes[:, 0], _heights(boxes)
    shaped: Mask = (
        (heights >= _LEAST_HEIGHT)
        & (heights <= _MOST_HEIGHT)
        & (widths >= _LEAST_WIDTH)
        & (widths <= _WIDEST * heights)
        & (heights <= _TALLEST * widths)
        & (pixels >= _LEAST_FILL * widths * heights)
    )
    return shaped


def _heights(boxes: Boxes) -> npt.NDArray[np.int64]:
    return boxes[:, 3] - boxes[:, 1]


def dark_bands(boxes: Boxes, pixels: npt.NDArray[np.int64], height: int) -> bool:
    """Whether there are dark areas that lines of white text, of letters of this height, may stand in."""
    wide, tall = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    filled = pixels >= _BAND_FILL * wide * tall
    return bool((filled & (tall >= _BAND_TALL * height) & (wide >= _BAND_WIDE * height)).any())


def commonest(heights: npt.NDArray[np.int64]) -> int:
    """The middle of the three neighbouring values that most have."""
    return int(np.argmax(np.convolve(np.bincount(heights), (1, 1, 1), "same")))


def turned(boxes: Boxes, turn: int) -> Boxes:
    """The same boxes on the page turned clockwise by 0, 90, 180 or 270 degrees about its corner, some below 0."""
    left, top, right, bottom = boxes.T
    match turn:
        case 90:
            return np.stack((-bottom, left, -top, right), axis=1)
        case 180:
            return np.stack((-right, -bottom, -left, -top), axis=1)
        case 270:
            return np.stack((top, -right, bottom, -left), axis=1)
        case _:
            return boxes


def _runs(ink: Mask) -> tuple[npt.NDArray[np.int64], ...]:
    """Row, first column and the column behind the last of each run of ink, in the order of reading."""
    height, width = ink.shape
    framed = np.zeros((height, width + 2), np.bool_)
    framed[:, 1:-1] = ink
    line = framed.ravel()
    edges = np.flatnonzero(line[1:] != line[:-1])  # in turn into ink and out of it: each row begins and ends without
    starts, ends = edges[::2], edges[1::2]
    return starts // (width + 2), starts % (width + 2), ends % (width + 2)


def _touching(
    rows: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], stride: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs of runs in neighbouring rows that share a side or a corner."""
    first = np.searchsorted(rows * stride + ends, (rows + 1) * stride + starts)
    behind = np.searchsorted(rows * stride + starts, (rows + 1) * stride + ends, side="right")
    many = np.maximum(behind - first, 0)
    before = np.cumsum(many) - many
    upper = np.repeat(np.arange(len(rows)), many)
    return upper, np.arange(len(upper)) - np.repeat(before - first, many)


def _boxes(
    rows: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
) -> tuple[Boxes, npt.NDArray[np.int64]]:
    _roots, piece = np.unique(labels, return_inverse=True)
    order = np.argsort(piece, kind="stable")
    first = np.flatnonzero(np.diff(piece[order], prepend=-1))
    found = (
        np.minimum.reduceat(starts[order], first),
        np.minimum.reduceat(rows[order], first),
        np.maximum.reduceat(ends[order], first),
        np.maximum.reduceat(rows[order], first) + 1,
    )
    return np.stack(found, axis=1), np.add.reduceat((ends - starts)[order], first)

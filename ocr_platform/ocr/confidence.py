"""What a recogniser's score means: how likely a word with that score is to be right, measured on pages of known text.

`python -m benchmarks.accuracy.calibration` fits the tables and prints them; docs/confidence.md shows how good they are.
"""

import math
from bisect import bisect_right
from enum import StrEnum

_PERCENT = 100


class Basis(StrEnum):
    """How a word came about: what a score means depends on it."""

    ALONE = "alone"  # of the first reading, and nobody looked again
    AGREED = "agreed"  # both readings have the same
    FIRST = "first"  # of the first reading, where the second has another word
    SECOND = "second"  # of the second reading, where the first has another word
    FIRST_ONLY = "first_only"  # of the first reading, where the second looked and saw nothing
    SECOND_ONLY = "second_only"  # of the second reading, where the first saw nothing


# For each basis pairs of a score (0-1, as the recogniser gives it) and the share of words that are right, both rising;
# straight lines between them. Fitted 2026-11-27 by benchmarks.accuracy.calibration to 22,592 words on 49 pages of 12
# kinds (the shared corpus without its turned pages), libtesseract 5.5.4, tessdata_fast, RapidOCR 3.10 with PP-OCRv6.
_TABLES: dict[Basis, tuple[tuple[float, float], ...]] = {
    Basis.ALONE: (
        (0.160, 0.215),
        (0.445, 0.304),
        (0.572, 0.414),
        (0.675, 0.505),
        (0.787, 0.636),
        (0.864, 0.723),
        (0.899, 0.808),
        (0.920, 0.875),
        (0.940, 0.947),
        (0.964, 0.979),
    ),
    Basis.AGREED: (
        (0.027, 0.764),
        (0.540, 0.816),
        (0.729, 0.875),
        (0.858, 0.912),
        (0.916, 0.941),
        (0.925, 0.950),
        (0.942, 0.971),
        (0.959, 0.981),
        (0.965, 0.984),
        (0.970, 0.995),
    ),
    Basis.FIRST: (
        (0.060, 0.031),
        (0.362, 0.051),
        (0.614, 0.125),
        (0.796, 0.169),
        (0.876, 0.211),
        (0.894, 0.230),
        (0.912, 0.288),
        (0.926, 0.421),
        (0.955, 0.579),
        (0.967, 0.635),
    ),
    Basis.SECOND: (
        (0.540, 0.020),
        (0.893, 0.216),
        (0.955, 0.304),
        (0.963, 0.382),
        (0.975, 0.454),
        (0.986, 0.586),
        (0.990, 0.673),
        (0.996, 0.734),
        (0.999, 0.837),
        (1.000, 0.880),
    ),
    Basis.FIRST_ONLY: ((0.679, 0.404), (0.967, 0.850)),
    Basis.SECOND_ONLY: ((0.684, 0.173), (0.971, 0.673), (0.994, 0.750), (0.999, 0.817), (1.000, 0.875)),
}


def likelihood(basis: Basis, score: float) -> float:
    """How likely a word is to be right (0-1) that came about like this with a score of 0 to 1."""
    return interpolated(_TABLES[basis], score)


def percent(basis: Basis, score: float) -> float:
    """The same as a confidence of 0 to 100."""
    return round(_PERCENT * likelihood(basis, score), 1)


def interpolated(table: tuple[tuple[float, float], ...], score: float) -> float:
    """The value of a table of rising pairs at `score`; beyond its ends that of the end."""
    if math.isnan(score):
        return score  # no recogniser in its senses says so: whoever checks answers is to see it
    at = bisect_right(table, (score, float("inf")))
    if at == 0:
        return table[0][1]
    if at == len(table):
        return table[-1][1]
    (left, low), (right, high) = table[at - 1], table[at]
    return low + (high - low) * (score - left) / (right - left)

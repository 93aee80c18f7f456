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
        (0.104, 0.774),
        (0.581, 0.789),
        (0.746, 0.884),
        (0.861, 0.896),
        (0.911, 0.911),
        (0.919, 0.929),
        (0.927, 0.942),
        (0.942, 0.967),
        (0.964, 0.981),
        (0.970, 0.994),
    ),
    Basis.FIRST: (
        (0.062, 0.026),
        (0.366, 0.055),
        (0.700, 0.126),
        (0.886, 0.178),
        (0.908, 0.211),
        (0.921, 0.402),
        (0.929, 0.481),
        (0.944, 0.520),
        (0.961, 0.637),
        (0.967, 0.795),
    ),
    Basis.SECOND: (
        (0.468, 0.010),
        (0.713, 0.096),
        (0.895, 0.222),
        (0.960, 0.336),
        (0.975, 0.464),
        (0.985, 0.559),
        (0.989, 0.676),
        (0.996, 0.746),
        (0.999, 0.794),
        (1.000, 0.866),
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

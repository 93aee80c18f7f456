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
# straight lines between them. Fitted 2026-11-27 by benchmarks.accuracy.calibration to 22,363 words on 49 pages of 12
# kinds (the shared corpus without its turned pages) as jobs with `best` read them, libtesseract 5.5.4, tessdata_fast,
# RapidOCR 3.10 with PP-OCRv6. The last two are fitted to pages as they are: on prepared ones there are 44 and 78 words.
_TABLES: dict[Basis, tuple[tuple[float, float], ...]] = {
    Basis.ALONE: (
        (0.066, 0.213),
        (0.370, 0.284),
        (0.551, 0.392),
        (0.680, 0.508),
        (0.807, 0.642),
        (0.873, 0.721),
        (0.901, 0.811),
        (0.924, 0.902),
        (0.944, 0.953),
        (0.964, 0.979),
    ),
    Basis.AGREED: (
        (0.029, 0.581),
        (0.499, 0.794),
        (0.714, 0.837),
        (0.833, 0.876),
        (0.901, 0.899),
        (0.919, 0.935),
        (0.940, 0.966),
        (0.960, 0.977),
        (0.966, 0.984),
        (0.970, 0.996),
    ),
    Basis.FIRST: (
        (0.083, 0.050),
        (0.392, 0.074),
        (0.650, 0.136),
        (0.811, 0.157),
        (0.892, 0.191),
        (0.911, 0.327),
        (0.925, 0.480),
        (0.946, 0.520),
        (0.958, 0.635),
        (0.965, 0.745),
    ),
    Basis.SECOND: (
        (0.385, 0.019),
        (0.648, 0.096),
        (0.847, 0.190),
        (0.934, 0.253),
        (0.959, 0.296),
        (0.975, 0.480),
        (0.985, 0.559),
        (0.994, 0.695),
        (0.999, 0.790),
        (1.000, 0.849),
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

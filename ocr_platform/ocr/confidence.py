"""What a recogniser's score means: how likely a word with that score is to be right, measured on pages of known text.

`python -m benchmarks.accuracy.calibration` fits the tables and prints them; docs/confidence.md shows how good they are.
"""

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
# straight lines between them.
_TABLES: dict[Basis, tuple[tuple[float, float], ...]] = {
    Basis.ALONE: ((0.0, 0.05), (0.5, 0.5), (0.9, 0.9), (1.0, 0.99)),
    Basis.AGREED: ((0.0, 0.8), (0.9, 0.95), (1.0, 0.99)),
    Basis.FIRST: ((0.0, 0.05), (0.9, 0.6), (1.0, 0.7)),
    Basis.SECOND: ((0.0, 0.05), (0.9, 0.5), (1.0, 0.7)),
    Basis.FIRST_ONLY: ((0.0, 0.05), (0.9, 0.6), (1.0, 0.9)),
    Basis.SECOND_ONLY: ((0.0, 0.0), (0.8, 0.4), (1.0, 0.9)),
}


def likelihood(basis: Basis, score: float) -> float:
    """How likely a word is to be right (0-1) that came about like this with a score of 0 to 1."""
    return interpolated(_TABLES[basis], score)


def percent(basis: Basis, score: float) -> float:
    """The same as a confidence of 0 to 100."""
    return round(_PERCENT * likelihood(basis, score), 1)


def interpolated(table: tuple[tuple[float, float], ...], score: float) -> float:
    """The value of a table of rising pairs at `score`; beyond its ends that of the end."""
    at = bisect_right(table, (score, float("inf")))
    if at == 0:
        return table[0][1]
    if at == len(table):
        return table[-1][1]
    (left, low), (right, high) = table[at - 1], table[at]
    return low + (high - low) * (score - left) / (right - left)

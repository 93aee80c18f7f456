"""How right a text is, given the ground truth. Pure: the edit distance comes from outside."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

Distance = Callable[[str, str], int]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a contender read of a page, beside what the page says."""

    truth: str
    text: str
    in_order: bool


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Means over pages: edits a character of the truth, and the share of the truth's words that were found."""

    character_error_rate: float | None
    word_recall: float
    pages_in_order: int
    pages: int


def normalised(text: str) -> str:
    """Composed characters (NFC), all white space alike."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def character_error_rate(truth: str, text: str, distance: Distance) -> float:
    """Edits for each character of the truth; above 1 when more was made up than there is."""
    expected = normalised(truth)
    return distance(expected, normalised(text)) / max(1, len(expected))


def word_recall(truth: str, text: str) -> float:
    """The share of the truth's words that the text has too, as often; order plays no part. 1 for an empty truth."""
    expected, found = Counter(normalised(truth).split()), Counter(normalised(text).split())
    return (expected & found).total() / expected.total() if expected else 1.0


def accuracy(readings: Sequence[Reading], distance: Distance) -> Accuracy:
    """Means over at least one page; the error rate over those whose order of reading is known."""
    rates = [character_error_rate(each.truth, each.text, distance) for each in readings if each.in_order]
    recalls = [word_recall(each.truth, each.text) for each in readings]
    return Accuracy(fmean(rates) if rates else None, fmean(recalls), len(rates), len(recalls))

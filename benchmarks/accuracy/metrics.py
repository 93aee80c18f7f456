"""How right a text is, given the ground truth."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from benchmarks.accuracy.normalise import comparable


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one page as shares of 1. Error rates can exceed 1, when more is made up than there is.

    `cer` and `wer` are edits (Levenshtein) of characters and of words for each one of the truth; None where the truth
    is not in the order of reading. `recall` is the share of the truth's words that the text has too, as often;
    `precision` the share of the text's words that the truth has; `f1` their harmonic mean. Order plays no part in
    these, so that they hold for all pages; a word is what stands between spaces.
    """

    cer: float | None
    wer: float | None
    recall: float
    precision: float
    f1: float


Metric = Callable[[Scores], float | None]


def scores(truth: str, text: str, *, in_order: bool) -> Scores:
    """Compare a text with the truth. Where both are empty all is right."""
    expected, found = comparable(truth, text)
    words, read = expected.split(), found.split()
    both = (Counter(words) & Counter(read)).total()
    return Scores(
        cer=Levenshtein.distance(expected, found) / max(1, len(expected)) if in_order else None,
        wer=Levenshtein.distance(words, read) / max(1, len(words)) if in_order else None,
        recall=_share(both, len(words), empty=1.0),
        precision=_share(both, len(read), empty=0.0 if words else 1.0),
        f1=_share(2 * both, len(words) + len(read), empty=1.0),
    )


def _share(part: int, of: int, *, empty: float) -> float:
    return part / of if of else empty


@dataclass(frozen=True, slots=True)
class Named:
    """A metric as reports have it; `more` says that more is better."""

    name: str
    title: str
    of: Metric
    more: bool


CER = Named("cer", "character error rate", lambda each: each.cer, more=False)
WER = Named("wer", "word error rate", lambda each: each.wer, more=False)
RECALL = Named("recall", "word recall", lambda each: each.recall, more=True)
PRECISION = Named("precision", "word precision", lambda each: each.precision, more=True)
F1 = Named("f1", "word F1", lambda each: each.f1, more=True)
METRICS = (CER, WER, RECALL, PRECISION, F1)

"""Two readings of each image, the engine's and the command's: means of both, and how sure their difference is.

The interval is the percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13),
clustered: whole pages are drawn with replacement, since what is read of a page turned a little is not independent of
what is read of it straight.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, median, quantiles

RESAMPLES = 10_000
SEED = 20_230_501  # any; always the same, so that figures can be had again
_CUTS = 40  # the first and the last of 40 equal parts leave 95 %


@dataclass(frozen=True, slots=True)
class Figures:
    """How right a text is. `error_rate` is edits a character, None when the order of reading is not known.

    `recall` is the share of the truth's words that were found.
    """

    error_rate: float | None
    recall: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A page in one of its variants, read by both."""

    page: str
    variant: str
    engine: Figures
    command: Figures


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure (a share) over the readings that have it; differences are the engine's less the command's."""

    pages: int
    readings: int
    engine_mean: float
    command_mean: float
    engine_median: float
    command_median: float
    lower: int
    higher: int
    equal: int
    difference: float
    interval: tuple[float, float]


Metric = Callable[[Figures], float | None]


def error_rate(figures: Figures) -> float | None:
    """Edits for each character of the truth."""
    return figures.error_rate


def recall(figures: Figures) -> float | None:
    """The share of the truth's words that were found."""
    return figures.recall


def values(pairs: Sequence[Pair], metric: Metric) -> list[tuple[str, float, float]]:
    """Page, figure of the engine, figure of the command, for the readings that have the figure."""
    both = ((pair.page, metric(pair.engine), metric(pair.command)) for pair in pairs)
    return [(page, ours, theirs) for page, ours, theirs in both if ours is not None and theirs is not None]


def compare(pairs: Sequence[Pair], metric: Metric) -> Compared | None:
    """Both side by side; None when no reading has the figure."""
    found = values(pairs, metric)
    if not found:
        return None
    engine, command = [ours for _, ours, _ in found], [theirs for _, _, theirs in found]
    by_page = differences(found)
    return Compared(
        pages=len(by_page),
        readings=len(found),
        engine_mean=fmean(engine),
        command_mean=fmean(command),
        engine_median=median(engine),
        command_median=median(command),
        lower=sum(ours < theirs for _, ours, theirs in found),
        higher=sum(ours > theirs for _, ours, theirs in found),
        equal=sum(ours == theirs for _, ours, theirs in found),
        difference=fmean(engine) - fmean(command),
        interval=interval(list(by_page.values())),
    )


def differences(found: Sequence[tuple[str, float, float]]) -> dict[str, list[float]]:
    """The engine's figure less the command's, by page, in the order of the readings."""
    by_page: dict[str, list[float]] = {}
    for page, ours, theirs in found:
        by_page.setdefault(page, []).append(ours - theirs)
    return by_page


def interval(clusters: Sequence[Sequence[float]], resamples: int = RESAMPLES) -> tuple[float, float]:
    """Bounds of 95 % of the means of all values, when as many clusters as there are are drawn with replacement."""
    draws = Random(SEED)  # noqa: S311  no cryptography
    sums = [(sum(cluster), len(cluster)) for cluster in clusters]
    means = []
    for _ in range(resamples):
        drawn = draws.choices(sums, k=len(sums))
        means.append(sum(total for total, _ in drawn) / sum(count for _, count in drawn))
    bounds = quantiles(means, n=_CUTS, method="inclusive")
    return bounds[0], bounds[-1]


def extremes(by_page: Mapping[str, Sequence[float]], count: int) -> list[str]:
    """Pages by their mean difference: the `count` lowest below 0, then the `count` highest above 0, highest last."""
    means = {page: fmean(each) for page, each in by_page.items()}
    ordered = sorted(means, key=means.__getitem__)
    lower = [page for page in ordered if means[page] < 0]
    higher = [page for page in ordered if means[page] > 0]
    return lower[:count] + higher[-count:]

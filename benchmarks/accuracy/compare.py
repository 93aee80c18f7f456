"""Two tools on the same pages: how far they differ, and whether that is more than noise.

Noise is what other pages of the same kind would change: the interval is the percentile bootstrap of whole pages that
`benchmarks.speed.paired` has (95 %). Over few pages it is too narrow, since what is drawn again and again is the same
few: of two pages it holds 0 only when they disagree. So below `FEWEST_PAGES` nothing is called better or worse, and it
is said when all pages agree. Five is the least number at which all pages agreeing by chance is rarer than 1 in 20
(2 to the power of -5, one side).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from random import Random
from statistics import fmean, quantiles

from benchmarks.accuracy.metrics import Named
from benchmarks.accuracy.results import Results
from benchmarks.speed.corpus import Page
from benchmarks.speed.paired import RESAMPLES, SEED, interval

FEWEST_PAGES = 5
_CUTS = 40  # the first and the last of 40 equal parts leave 95 %


class Verdict(StrEnum):
    """What the pages say."""

    BETTER = "better"
    WORSE = "**worse**"
    NOISE = "within noise"
    BETTER_ON_EACH = "better on each page, too few to tell"
    WORSE_ON_EACH = "worse on each page, too few to tell"
    FEW = "too few pages to tell"


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours less theirs, mean over pages, as shares; the interval holds 95 %."""

    pages: int
    ours: float
    theirs: float
    difference: float
    interval: tuple[float, float]
    verdict: Verdict


def compare(results: Results, ours: str, theirs: str, pages: Sequence[Page], metric: Named) -> Difference | None:
    """Compare two tools; None when no page has the metric."""
    mine, others = results.values(ours, pages, metric), results.values(theirs, pages, metric)
    if not mine:
        return None
    differences = [one - other for one, other in zip(mine, others, strict=True)]
    bounds = _bounds(tuple(differences))
    return Difference(
        pages=len(mine),
        ours=fmean(mine),
        theirs=fmean(others),
        difference=fmean(differences),
        interval=bounds,
        verdict=_verdict([each if metric.more else -each for each in differences], bounds, more=metric.more),
    )


@lru_cache
def _bounds(differences: tuple[float, ...]) -> tuple[float, float]:
    """Reckoned once: a report says the same thing in more than one place, and resamples take their time."""
    return interval([[each] for each in differences])


def _verdict(gains: Sequence[float], bounds: tuple[float, float], *, more: bool) -> Verdict:
    """`gains` are differences of which more is better, `bounds` those of the differences themselves."""
    if len(gains) < FEWEST_PAGES:
        if all(gain > 0 for gain in gains):
            return Verdict.BETTER_ON_EACH
        return Verdict.WORSE_ON_EACH if all(gain < 0 for gain in gains) else Verdict.FEW
    least, most = bounds if more else (-bounds[1], -bounds[0])
    if least > 0:
        return Verdict.BETTER
    return Verdict.WORSE if most < 0 else Verdict.NOISE


def best_of(results: Results, tools: Sequence[str], pages: Sequence[Page], metric: Named) -> str | None:
    """The tool with the best mean; the first of those that are equal. None when no page has the metric."""
    means = {tool: results.mean(tool, pages, metric) for tool in tools}
    known = {tool: mean for tool, mean in means.items() if mean is not None}
    if not known:
        return None
    return (max if metric.more else min)(known, key=known.__getitem__)


@dataclass(frozen=True, slots=True)
class Ratio:
    """CPU time of all pages by one tool to that by another; the interval is of other pages like these."""

    ratio: float
    interval: tuple[float, float]
    same_run: bool


def cpu_ratio(results: Results, ours: str, theirs: str, pages: Sequence[Page]) -> Ratio | None:
    """Over the pages that both read; None when there is none."""
    both = [(results.entries[ours, page.id], results.entries[theirs, page.id]) for page in pages]
    read = [(one, other) for one, other in both if one.outcome.error is None and other.outcome.error is None]
    if not read:
        return None
    seconds = [(one.outcome.cpu_seconds, other.outcome.cpu_seconds) for one, other in read]
    return Ratio(_of_sums(seconds), _ratio_bounds(tuple(seconds)), all(one.run == other.run for one, other in read))


@lru_cache
def _ratio_bounds(seconds: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """The percentile bootstrap of whole pages, as for differences."""
    draws = Random(SEED)  # noqa: S311  no cryptography
    ratios = [_of_sums(draws.choices(seconds, k=len(seconds))) for _ in range(RESAMPLES)]
    bounds = quantiles(ratios, n=_CUTS, method="inclusive")
    return bounds[0], bounds[-1]


def _of_sums(seconds: Sequence[tuple[float, float]]) -> float:
    return sum(one for one, _ in seconds) / max(sum(other for _, other in seconds), 1e-9)

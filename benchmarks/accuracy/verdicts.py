"""Tables that say a kind at a time whether the platform is worse than what people would use instead."""

from collections.abc import Mapping, Sequence

from benchmarks.accuracy.compare import Difference, best_of, compare
from benchmarks.accuracy.metrics import CER, F1, RECALL, Named
from benchmarks.accuracy.results import Results, by_kind
from benchmarks.accuracy.tables import ALL, percent
from benchmarks.accuracy.tools import PEERS, PLATFORM, REFERENCE
from benchmarks.report import Table
from benchmarks.speed.corpus import Page
from benchmarks.speed.paired import RESAMPLES
from ocr_platform.models import Quality

_NOTE = f"""\
Figures in percent, differences in points of percent: the platform's less the other's, with the interval that holds 95 %
of {RESAMPLES:,} bootstrap resamples of the kind's pages. `worse` and `better`: the whole interval lies on one side of
0, over at least five pages; all else is within the noise of these pages."""
_CHOSEN = """\
The best peer is chosen for each kind and figure by these same pages, in its favour."""


def verdicts(results: Results) -> list[Table]:
    """`balanced` beside the command, `best` beside the best peer of each kind; what was not measured is left out."""
    names = {tool.name: tool.title for tool in results.tools}
    groups = {**by_kind(results.pages), ALL: results.pages}
    balanced, best = (f"{PLATFORM}-{quality}" for quality in (Quality.BALANCED, Quality.BEST))
    peers = [name for name in names if name in PEERS]
    tables = []
    if balanced in names and REFERENCE in names:
        tables += [
            _table(
                results,
                f"Platform `balanced` beside `tesseract`: {metric.title}",
                balanced,
                [REFERENCE],
                groups,
                metric,
            )
            for metric in (F1, RECALL, CER)
        ]
    if best in names and peers:
        tables += [
            _table(results, f"Platform `best` beside the best peer: {metric.title}", best, peers, groups, metric)
            for metric in (F1, RECALL, CER)
        ]
    return tables


def _table(
    results: Results,
    title: str,
    ours: str,
    others: Sequence[str],
    groups: Mapping[str, Sequence[Page]],
    metric: Named,
) -> Table:
    titles = {tool.name: tool.title for tool in results.tools}
    rows = []
    for name, pages in groups.items():
        other = best_of(results, others, pages, metric)
        found = None if other is None else compare(results, ours, other, pages, metric)
        if found is not None and other is not None:
            rows.append(
                [name, str(found.pages), percent(found.ours), titles[other], percent(found.theirs), *_cells(found)]
            )
    columns = ["", "pages", "platform", "beside", "it", "difference (95 % interval)", "says"]
    note = _NOTE if len(others) == 1 else f"{_NOTE} {_CHOSEN}"
    return Table(f"{title} ({'higher' if metric.more else 'lower'} is better)", columns, rows, note)


def _cells(found: Difference) -> list[str]:
    low, high = found.interval
    return [f"{points(found.difference)} ({points(low)} to {points(high)})", str(found.verdict)]


def points(share: float) -> str:
    """Points of percent with their sign."""
    return f"{round(100 * share, 1) + 0.0:+.1f}"  # no -0.0

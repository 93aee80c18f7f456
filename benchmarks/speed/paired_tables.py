"""Tables of two readings of each image; figures in percent, differences in points of percent."""

from collections.abc import Sequence

from benchmarks.report import Table
from benchmarks.speed.facts import COMMAND, LIBTESSERACT
from benchmarks.speed.paired import (
    RESAMPLES,
    Compared,
    Metric,
    Pair,
    compare,
    differences,
    error_rate,
    extremes,
    recall,
    values,
)

_EXTREMES = 6
_ALL = "**all together**"
_ORDER = "Over the pages whose order of reading is known."
_COLUMNS = (
    "",
    "readings",
    "engine, mean",
    "command, mean",
    "engine, median",
    "command, median",
    "engine lower",
    "higher",
    "equal",
    "mean difference (95 % interval)",
)


def paired_tables(pairs: Sequence[Pair], versions: dict[str, str]) -> list[Table]:
    """Error rates, word recall, and the pages that differ most; at least one pair."""
    about = (
        f"Engine: `TesserocrEngine`, {versions[LIBTESSERACT]} (tesserocr {versions['library: tesserocr']}). "
        f"Command: {versions[COMMAND]}, one thread. Both read the same pixels with the same models."
    )
    how = (
        "Difference: the engine's less the command's, in points; the interval is that of the percentile bootstrap, "
        f"{RESAMPLES:,} resamples of whole pages. One that holds 0 says that the pages do not tell which is better."
    )
    return [
        _table("Text: character error rate, % (lower is better)", pairs, error_rate, f"{_ORDER} {about} {how}"),
        _table("Text: word recall, % (higher is better)", pairs, recall, "Over all pages; all else as above."),
        _extremes(pairs),
    ]


def _table(title: str, pairs: Sequence[Pair], metric: Metric, note: str) -> Table:
    """A row for each variant, and one for all of them when there are several."""
    variants = list(dict.fromkeys(pair.variant for pair in pairs))
    groups = {variant: [pair for pair in pairs if pair.variant == variant] for variant in variants}
    if len(groups) > 1:
        groups[_ALL] = list(pairs)
    found = {name: compare(group, metric) for name, group in groups.items()}
    rows = [_row(name, each) for name, each in found.items() if each is not None]
    return Table(title, _COLUMNS, rows, note)


def _row(name: str, found: Compared) -> list[str]:
    low, high = found.interval
    means = (found.engine_mean, found.command_mean, found.engine_median, found.command_median)
    return [
        name,
        f"{found.readings} ({found.pages} pages)",
        *(f"{100 * each:.2f}" for each in means),
        *(str(each) for each in (found.lower, found.higher, found.equal)),
        f"{_points(found.difference)} ({_points(low)} to {_points(high)})",
    ]


def _points(share: float) -> str:
    return f"{round(100 * share, 2) + 0.0:+.2f}"  # no -0.00


def _extremes(pairs: Sequence[Pair]) -> Table:
    """The pages whose mean error rates differ most, either way."""
    by_page = differences(values(pairs, error_rate))
    rows = []
    for page in extremes(by_page, _EXTREMES):
        own = [pair for pair in pairs if pair.page == page]
        rates, recalls = compare(own, error_rate), compare(own, recall)
        if rates is None or recalls is None:
            continue
        means = (rates.engine_mean, rates.command_mean, recalls.engine_mean, recalls.command_mean)
        each = ", ".join(_points(difference) for difference in by_page[page])
        figures = [f"{100 * mean:.2f}" for mean in means]
        rows.append([page, *figures[:2], _points(rates.difference), each, *figures[2:]])
    columns = ["page", "engine, CER", "command, CER", "difference", "by variant", "engine, recall", "command, recall"]
    note = (
        f"Means over a page's variants; at most {_EXTREMES} pages that the engine reads with fewer errors, "
        f"then as many with more. By variant: {', '.join(dict.fromkeys(pair.variant for pair in pairs))}."
    )
    return Table("Text: the pages that differ most", columns, rows, note)

"""Tables of figures: in percent, differences in points of percent."""

from collections.abc import Mapping, Sequence

from benchmarks.accuracy.compare import FEWEST_PAGES, cpu_ratio
from benchmarks.accuracy.folder import kind_of
from benchmarks.accuracy.metrics import METRICS, Named
from benchmarks.accuracy.results import Results, by_kind
from benchmarks.accuracy.tools import REFERENCE
from benchmarks.report import Table
from benchmarks.speed.corpus import Page

_MIB = 1024 * 1024
ALL = "**all**"
_SUMMARY_NOTE = """\
Means over pages, each page alike. CER and WER: edits of characters and of words for each one of the truth, over the
{in_order} pages whose order of reading is known. Recall: the share of the truth's words that were found; precision: the
share of the words read that are the truth's; F1: their harmonic mean; over all {pages} pages. CPU: user and system
seconds of all of a tool's processes. `tesseract` and OCRmyPDF are started for each page, the others stay up. Ratio: of
the sums over all pages, with the 95 % interval of other pages like these; from one run, unless it says otherwise.
Peak: the greatest over all pages of the memory of all processes, each with its share of what it shares."""


def summary(results: Results) -> Table:
    """A row for each tool, over all pages."""
    pages = results.pages
    rows = []
    for tool in results.tools:
        peak = max((results.entries[tool.name, page.id].outcome.peak_bytes for page in pages), default=0)
        figures = [percent(results.mean(tool.name, pages, metric)) for metric in METRICS]
        seconds = results.cpu(tool.name, pages) / max(1, len(pages))
        failed = len(results.failures(tool.name))
        rows.append(
            [tool.title, *figures, f"{seconds:.2f}", _ratio(results, tool.name), f"{peak / _MIB:.0f}", str(failed)]
        )
    columns = [
        "",
        "CER %",
        "WER %",
        "recall %",
        "precision %",
        "F1 %",
        "CPU s a page",
        "of `tesseract`",
        "peak MiB",
        "failed",
    ]
    note = _SUMMARY_NOTE.format(in_order=sum(page.in_order for page in pages), pages=len(pages))
    return Table("All pages", columns, rows, note)


def _ratio(results: Results, tool: str) -> str:
    if not any(each.name == REFERENCE for each in results.tools):
        return ""
    found = cpu_ratio(results, tool, REFERENCE, results.pages)
    if found is None:
        return ""
    if tool == REFERENCE:
        return "1"
    low, high = found.interval
    return f"{found.ratio:.2f} ({low:.2f} to {high:.2f}){'' if found.same_run else ', other runs'}"


def by_group(results: Results, groups: Mapping[str, Sequence[Page]], what: str) -> list[Table]:
    """A table for each metric, and one of CPU seconds: a row for each group, a column for each tool."""
    tables = [_of_metric(results, groups, what, metric) for metric in METRICS]
    rows = [
        [name, str(len(pages)), *(f"{results.cpu(tool.name, pages) / len(pages):.2f}" for tool in results.tools)]
        for name, pages in {**groups, ALL: results.pages}.items()
    ]
    return [*tables, Table(f"CPU seconds a page, by {what}", _columns(results), rows)]


def _of_metric(results: Results, groups: Mapping[str, Sequence[Page]], what: str, metric: Named) -> Table:
    rows = []
    for name, pages in {**groups, ALL: results.pages}.items():
        means = [results.mean(tool.name, pages, metric) for tool in results.tools]
        known = [mean for mean in means if mean is not None]
        if known:
            best = (max if metric.more else min)(known)
            count = len(results.values(results.tools[0].name, pages, metric))
            rows.append([name, str(count), *(_bold(percent(mean), percent(mean) == percent(best)) for mean in means)])
    title = (
        f"{metric.title[0].upper()}{metric.title[1:]}, %, by {what} ({'higher' if metric.more else 'lower'} is better)"
    )
    return Table(title, _columns(results), rows)


def _columns(results: Results) -> list[str]:
    return ["", "pages", *(tool.title for tool in results.tools)]


def _bold(text: str, best: bool) -> str:
    return f"**{text}**" if best else text


def percent(share: float | None) -> str:
    """A share in percent; empty when there is none."""
    return "" if share is None else f"{100 * share:.1f}"


def kinds_table(results: Results) -> Table:
    """What the kinds are."""
    rows = [
        [
            name,
            kind_of(pages[0]),
            str(len(pages)),
            ", ".join(sorted({page.languages for page in pages})),
            "known" if all(page.in_order for page in pages) else "not known",
        ]
        for name, pages in by_kind(results.pages).items()
    ]
    note = f"Kinds of fewer than {FEWEST_PAGES} pages tell little of other pages of their kind."
    return Table("Kinds", ["name", "what it is", "pages", "languages", "order of reading"], rows, note)


def tools_table(results: Results) -> Table:
    """What was compared."""
    rows = [[tool.title, tool.version, f"`{tool.options}`"] for tool in results.tools]
    return Table("Tools", ["", "version", "how it was asked"], rows)


def failures_table(results: Results) -> Table | None:
    """Pages that a tool did not read; None when there is none."""
    rows = [[tool.title, page, error] for tool in results.tools for page, error in results.failures(tool.name).items()]
    return Table("Pages that were not read", ["", "page", "why"], rows, "They count as empty texts.") if rows else None

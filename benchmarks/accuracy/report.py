"""The report: Markdown for people, JSON for programs, plots."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.accuracy.metrics import CER, F1, METRICS
from benchmarks.accuracy.results import Results, by_kind, by_language, plain
from benchmarks.accuracy.tables import by_group, failures_table, kinds_table, summary, tools_table
from benchmarks.accuracy.verdicts import verdicts
from benchmarks.report import Table
from benchmarks.speed.facts import models_table
from benchmarks.speed.peer_environment import peer_script

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PLOTS = ("accuracy-words.png", "accuracy-characters.png", "accuracy-cost.png")
_ALT = (
    "Word F1 of each kind by each tool",
    "Character error rate of each kind by each tool",
    "Word F1 beside CPU time",
)


@dataclass(frozen=True, slots=True)
class About:
    """When and on what it was measured; `left_out` are lines on pages and tools that had no part."""

    date: str
    machine: str
    checkout: str
    models: Sequence[dict[str, str | int]]
    left_out: Sequence[str] = ()


class PageError(Exception):
    """A page of documentation has no place for the figures."""


def markdown(results: Results, about: About, images: str | None = None) -> str:
    """All tables; with `images`, the folder of the plots seen from the page, these too."""
    parts = [_head(results, about), *_markdown([summary(results), *verdicts(results)])]
    if images is not None:
        parts += [f"![{alt}]({images}/{name})\n" for name, alt in zip(PLOTS, _ALT, strict=True)]
    parts += _markdown(by_group(results, by_kind(results.pages), "kind"))
    parts += _markdown(by_group(results, by_language(results.pages), "language"))
    failed = failures_table(results)
    parts += _markdown([kinds_table(results), *([failed] if failed else []), tools_table(results)])
    return "\n".join([*parts, *_markdown([models_table(list(about.models))])])


def _markdown(tables: Sequence[Table]) -> list[str]:
    return [table.markdown() for table in tables]


def _head(results: Results, about: About) -> str:
    """Where and when, and how busy the machine was: that moves CPU seconds, and no other figure."""
    loads = [results.entries[tool.name, page.id].load for tool in results.tools for page in results.pages]
    busy = f", the load of which was {fmean(loads):.1f} on average" if loads else ""
    lines = [f"Measured on {about.date}, checkout {about.checkout}, {len(results.pages)} pages. {about.machine}{busy}."]
    return "\n".join([*lines, *(f"Left out: {line}." for line in about.left_out), ""])


def as_json(results: Results, about: About) -> dict[str, object]:
    """Every figure of every page; no text of any page."""
    return {**asdict(about), "tools": [asdict(tool) for tool in results.tools], "readings": plain(results)}


def draw(results: Results, about: About, folder: Path) -> bool:
    """Write the plots into `folder`; False when there is nothing to draw with, which scripts/peers installs."""
    folder.mkdir(parents=True, exist_ok=True)
    groups = by_kind(results.pages)
    given = {
        "machine": about.machine,
        "date": about.date,
        "pages": len(results.pages),
        "kinds": [{"name": name, "pages": len(pages)} for name, pages in groups.items()],
        "tools": [
            {
                "name": tool.name,
                "title": tool.title.strip("`"),
                "cpu": results.cpu(tool.name, results.pages) / max(1, len(results.pages)),
                "all": {metric.name: results.mean(tool.name, results.pages, metric) for metric in METRICS},
                "by_kind": {
                    metric.name: [results.mean(tool.name, pages, metric) for pages in groups.values()]
                    for metric in (F1, CER)
                },
            }
            for tool in results.tools
        ],
    }
    paths = [str((folder / name).absolute()) for name in PLOTS]
    return peer_script("plot", given, *paths, package="benchmarks.accuracy.peers") is not None


def write(results: Results, about: About, folder: Path) -> bool:
    """`accuracy.md`, `accuracy.json` and the plots; False when these could not be drawn."""
    drawn = draw(results, about, folder)
    (folder / "accuracy.md").write_text(markdown(results, about, "." if drawn else None), encoding="utf-8")
    (folder / "accuracy.json").write_text(json.dumps(as_json(results, about), indent=2), encoding="utf-8")
    return drawn


def update(page: Path, results: Results, about: About) -> bool:
    """Put the figures between the marks of a page, and the plots into `images` beside it.

    Raises PageError where there are no marks, and leaves the page as it is.
    """
    before, after = around(page.read_text(encoding="utf-8"), page)
    drawn = draw(results, about, page.parent / "images")
    whole = f"{before}{BEGIN}\n\n{markdown(results, about, 'images' if drawn else None)}\n{END}{after}"
    with tempfile.NamedTemporaryFile("w", dir=page.parent, delete=False, encoding="utf-8") as file:
        file.write(whole)
    Path(file.name).chmod(page.stat().st_mode)
    Path(file.name).replace(page)
    return drawn


def around(text: str, page: Path) -> tuple[str, str]:
    """What stands before and after the marks. Raises PageError."""
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise PageError(f"{page} has no lines {BEGIN} and {END} for the figures to stand between")
    return before, after

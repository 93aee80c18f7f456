"""What all tools read, scored: figures by tool, by kind, by language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

from benchmarks.accuracy.cache import Entry
from benchmarks.accuracy.folder import kind_of
from benchmarks.accuracy.metrics import Named, Scores, scores
from benchmarks.accuracy.tools.base import Identity
from benchmarks.speed.corpus import Page


@dataclass(frozen=True, slots=True)
class Results:
    """`entries` and `scores` by the tool's name and the page's id; a page that failed scores as an empty text does."""

    pages: Sequence[Page]
    tools: Sequence[Identity]
    entries: Mapping[tuple[str, str], Entry]
    scores: Mapping[tuple[str, str], Scores]

    def values(self, tool: str, pages: Sequence[Page], metric: Named) -> list[float]:
        """The metric of each of these pages that has it."""
        found = (metric.of(self.scores[tool, page.id]) for page in pages)
        return [value for value in found if value is not None]

    def mean(self, tool: str, pages: Sequence[Page], metric: Named) -> float | None:
        """The mean over pages; None when no page has the metric."""
        values = self.values(tool, pages, metric)
        return fmean(values) if values else None

    def cpu(self, tool: str, pages: Sequence[Page]) -> float:
        """CPU seconds of all these pages together."""
        return sum(self.entries[tool, page.id].outcome.cpu_seconds for page in pages)

    def failures(self, tool: str) -> dict[str, str]:
        """What went wrong, by page."""
        found = {page.id: self.entries[tool, page.id].outcome.error for page in self.pages}
        return {page: error for page, error in found.items() if error is not None}


def scored(pages: Sequence[Page], tools: Sequence[Identity], entries: Mapping[tuple[str, str], Entry]) -> Results:
    """Compare everything with the truth. Tools without a result for every page are no contenders."""
    whole = [tool for tool in tools if all((tool.name, page.id) in entries for page in pages)]
    truths = {page.id: page.truth for page in pages}
    found = {
        (tool.name, page.id): scores(truths[page.id], entries[tool.name, page.id].outcome.text, in_order=page.in_order)
        for tool in whole
        for page in pages
    }
    return Results(pages, whole, entries, found)


def by_kind(pages: Sequence[Page]) -> dict[str, list[Page]]:
    """Pages under the names of their sets, which are short; two kinds of one set stay apart."""
    groups = _grouped(pages, kind_of)
    short = [", ".join(dict.fromkeys(page.set for page in members)) for members in groups.values()]
    names = short if len(set(short)) == len(short) else list(groups)
    return dict(zip(names, groups.values(), strict=True))


def by_language(pages: Sequence[Page]) -> dict[str, list[Page]]:
    """Pages by the models that read them."""
    return _grouped(pages, lambda page: page.languages)


def _grouped(pages: Sequence[Page], key: Callable[[Page], str]) -> dict[str, list[Page]]:
    groups: dict[str, list[Page]] = {}
    for page in pages:
        groups.setdefault(key(page), []).append(page)
    return groups


def plain(results: Results) -> list[dict[str, object]]:
    """For JSON: a page by a tool each; no text, and no word, of any page."""
    found: list[dict[str, object]] = []
    for page in results.pages:
        for tool in results.tools:
            entry = results.entries[tool.name, page.id]
            outcome = {name: value for name, value in asdict(entry.outcome).items() if name != "text"}
            where = {"page": page.id, "kind": kind_of(page), "set": page.set, "languages": page.languages}
            about = {"tool": tool.name, "run": entry.run, "load": entry.load, "machine": entry.machine}
            found.append({**where, **about, **asdict(results.scores[tool.name, page.id]), **outcome})
    return found

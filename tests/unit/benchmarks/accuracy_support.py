"""Pages, tools and results that are made up."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.accuracy.cache import Entry
from benchmarks.accuracy.results import Results, scored
from benchmarks.accuracy.tools.base import Identity, Outcome
from benchmarks.speed.corpus import Page


def page(folder: Path, name: str, truth: str, *, group: str = "letters", order: bool = True, lang: str = "eng") -> Page:
    """A page whose image is its name: nothing here decodes it."""
    path = folder / f"{name}.png"
    path.write_bytes(name.encode())
    path.with_name(f"{name}.gt.txt").write_text(truth, encoding="utf-8")
    return Page(name, group, f"kind of {group}", path, lang, order, 300)


def identity(name: str, version: str = "1") -> Identity:
    return Identity(name, name.capitalize(), version, "as usual")


def entry(text: str, *, cpu: float = 1.0, error: str | None = None, run: str = "monday", load: float = 0.5) -> Entry:
    return Entry(Outcome(text, cpu, 2 * cpu, 1024 * 1024, error), run, "a machine", load)


def results(pages: list[Page], read: dict[str, list[Entry]]) -> Results:
    """Results of tools, an entry for each page."""
    entries = {(tool, page.id): each for tool, all_of in read.items() for page, each in zip(pages, all_of, strict=True)}
    return scored(pages, [identity(tool) for tool in read], entries)


@dataclass
class Reader:
    """A tool that reads what it was told, counts, and can fail in the middle."""

    identity: Identity
    texts: dict[str, str] = field(default_factory=dict)
    interrupted_at: str | None = None
    failing: str | None = None
    asked: list[str] = field(default_factory=list)
    closed: int = 0

    def read(self, page: Page, file: Path) -> Outcome:
        if page.id == self.interrupted_at:
            raise KeyboardInterrupt
        self.asked.append(page.id)
        if page.id == self.failing:
            return Outcome("", 0.0, 0.0, 0, "no memory")
        return Outcome(self.texts.get(page.id, file.read_bytes().decode()), 1.0, 2.0, 3)

    def close(self) -> None:
        self.closed += 1

"""A bar while pages are read; lines where there is no terminal."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from benchmarks.accuracy.cache import Entry
from benchmarks.speed.corpus import Page


class Progress:
    """How many of `total` readings are done, and which one is being done."""

    def __init__(self, total: int, console: Console) -> None:
        self._total = total
        self._done = 0
        self._console = console
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self._bars = Bars(*columns, TextColumn("{task.description}"), console=console, disable=not console.is_terminal)
        self._task = self._bars.add_task("", total=total)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._bars.stop()

    def tell(self, tool: str, page: Page, entry: Entry | None) -> None:
        """A reading begins, or ended with `entry`."""
        if entry is None:
            self._bars.update(self._task, description=escape(f"{tool}: {page.id}"))
            return
        self._done += 1
        self._bars.advance(self._task)
        outcome = entry.outcome
        said = f"FAILED: {outcome.error}" if outcome.error else f"{outcome.cpu_seconds:.2f} CPU s"
        if outcome.error or not self._console.is_terminal:
            line = f"{self._done} of {self._total}: {tool}: {page.id}: {said}"
            self._console.print(escape(line), highlight=False, soft_wrap=True)

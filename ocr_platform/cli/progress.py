"""Progress of jobs: bars on a terminal, plain lines elsewhere, always on standard error."""

import sys
from types import TracebackType
from typing import Self
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from ocr_platform.models import JobStatus

_NAME_WIDTH = 40


class Progress:
    """A bar for each document that is being read, with its pages done; for many documents one more for all of them.

    On something that is no terminal: a line when a document's state or its pages change, or nothing when `terse`.
    """

    def __init__(self, documents: int = 1, *, terse: bool = False) -> None:
        self._console = Console(stderr=True)
        self._documents = documents
        self._terse = terse
        self._bars: Bars | None = None
        self._all: TaskID | None = None
        self._tasks: dict[UUID, TaskID] = {}
        self._said: dict[UUID, str] = {}
        self._finished: set[UUID] = set()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars = Bars(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[unit]}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
                redirect_stdout=False,  # `print` below knows where results go
            )
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def announce(self, text: str) -> None:
        """Say what is being waited for before the first document can start."""
        if self._bars is not None:
            self._all = self._bars.add_task(text, total=None, unit="")

    def begin(self) -> None:
        """The documents start now."""
        if self._bars is None:
            return
        if self._all is not None:
            self._bars.remove_task(self._all)
            self._all = None
        if self._documents > 1:
            self._all = self._bars.add_task("all", total=self._documents, unit="documents")

    def update(self, job_id: UUID, name: str, status: JobStatus) -> None:
        """Show how far a job is; `name` is what people call it."""
        if self._bars is not None:
            self._draw(self._bars, job_id, name, status)
        elif not self._terse:
            self._say(job_id, name, status)

    def print(self, line: str) -> None:
        """A line of results: to standard output, above the bars where that is the same terminal."""
        if self._bars is not None and sys.stdout.isatty():
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(line)

    def _draw(self, bars: Bars, job_id: UUID, name: str, status: JobStatus) -> None:
        task = self._tasks.get(job_id)
        if status.state.terminal:
            self._finished.add(job_id)
            if task is not None:
                bars.remove_task(self._tasks.pop(job_id))
            if self._all is not None:
                bars.update(self._all, completed=len(self._finished))
            return
        if status.pages is None:  # still waiting for a worker: one bar for each of these would fill the screen
            return
        if task is None:
            task = self._tasks[job_id] = bars.add_task(_short(name), total=status.pages, unit="pages")
        bars.update(task, completed=status.pages_done)

    def _say(self, job_id: UUID, name: str, status: JobStatus) -> None:
        pages = f", {status.pages_done} of {status.pages} pages" if status.pages else ""
        line = f"{name}: {status.state}{pages}"
        if self._said.get(job_id) != line:
            self._said[job_id] = line
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _short(name: str) -> str:
    return name if len(name) <= _NAME_WIDTH else "…" + name[-_NAME_WIDTH + 1 :]

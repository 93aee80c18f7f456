"""Progress of jobs: bars on a terminal, plain lines elsewhere, always on standard error."""

from types import TracebackType
from typing import Self
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from ocr_platform.models import JobStatus

_NAME_WIDTH = 40


class Progress:
    """A bar a document with its pages done; on something that is no terminal, a line when the state changes."""

    def __init__(self, shown: bool = True) -> None:
        self._console = Console(stderr=True, quiet=not shown)
        self._bars: Bars | None = None
        self._tasks: dict[UUID, TaskID] = {}
        self._said: dict[UUID, str] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._console.quiet:
            self._bars = Bars(
                TextColumn("{task.description}", table_column=None, markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("pages"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def update(self, job_id: UUID, name: str, status: JobStatus) -> None:
        """Show how far a job is; `name` is what people call it."""
        if self._bars is None:
            self._say(job_id, name, status)
            return
        task = self._tasks.get(job_id)
        if task is None:
            task = self._tasks[job_id] = self._bars.add_task(_short(name), total=None)
        self._bars.update(task, completed=status.pages_done, total=status.pages)
        if status.state.terminal:
            self._bars.remove_task(self._tasks.pop(job_id))

    def print(self, line: str) -> None:
        """A line above the bars."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _say(self, job_id: UUID, name: str, status: JobStatus) -> None:
        pages = f" {status.pages_done}/{status.pages} pages" if status.pages else ""
        line = f"{name}: {status.state}{pages}"
        if self._said.get(job_id) != line:
            self._said[job_id] = line
            self.print(line)


def _short(name: str) -> str:
    return name if len(name) <= _NAME_WIDTH else "…" + name[-_NAME_WIDTH + 1 :]

"""Local files through the whole pipeline of a stack, in order, a window of them at a time."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from ocr_platform.client import Asked, Client
from ocr_platform.errors import InternalError, PlatformError, SourceMissing, UsageError
from ocr_platform.local.stack import LocalStack
from ocr_platform.models import Fault, JobState, JobStatus, OutputFormat
from ocr_platform.private_files import write_private

# Enough to keep every worker busy; few enough that a folder of any size fits into the emulator's memory.
_WINDOW = 32
_POLL_SECONDS = 0.1
_EXTENSIONS = {
    OutputFormat.TEXT: ".txt",
    OutputFormat.JSON: ".json",
    OutputFormat.HOCR: ".hocr",
    OutputFormat.ALTO: ".alto.xml",
    OutputFormat.MARKDOWN: ".md",
    OutputFormat.PDF: ".pdf",
    OutputFormat.PDFA: ".pdfa.pdf",
}

_ENDINGS = tuple(_EXTENSIONS.values())

Watcher = Callable[[UUID, str, JobStatus], None]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file; `outputs` are the files that were written."""

    file: str
    job_id: UUID | None
    state: JobState
    error: Fault | None
    pages: int
    pages_failed: tuple[int, ...]
    confidence: float
    seconds: float
    outputs: dict[str, str]


@dataclass(slots=True)
class _Entry:
    file: str
    stem: str
    job_id: UUID | None = None
    outcome: FileOutcome | None = None


@dataclass(frozen=True, slots=True)
class FileRunner:
    """Takes files through a stack and writes the outputs into a directory, readable by their owner alone."""

    stack: LocalStack
    client: Client
    asked: Asked
    out: Path
    watch: Watcher

    def run(self, files: Sequence[str]) -> Iterator[FileOutcome]:
        """One outcome a file, in the files' order. Raises StackFailed when a process of the stack ends."""
        make_output_directory(self.out)
        waiting = deque(_entries(files))
        window: deque[_Entry] = deque()
        while waiting or window:
            while waiting and len(window) < _WINDOW:
                window.append(self._submitted(waiting.popleft()))
            self._poll([entry for entry in window if entry.outcome is None])
            while window and window[0].outcome is not None:
                yield window.popleft().outcome  # type: ignore[misc]  # just checked
            if window:
                self.stack.check()
                time.sleep(_POLL_SECONDS)

    def _submitted(self, entry: _Entry) -> _Entry:
        try:
            entry.job_id = self.client.submit(self._upload(entry.file), **self.asked)
        except PlatformError as exc:
            entry.outcome = _refused(entry.file, exc)
        return entry

    def _upload(self, file: str) -> str:
        try:
            body = open(file, "rb")  # noqa: SIM115  closed below; only opening it may say that the file is missing
        except OSError as exc:
            raise SourceMissing(f"The file cannot be read: {exc.strerror}.") from exc
        with body:
            return self.client.upload(body)

    def _poll(self, entries: list[_Entry]) -> None:
        running = {entry.job_id: entry for entry in entries if entry.job_id is not None}
        for job_id, status in self.client.statuses(list(running)).items():
            entry = running[job_id]
            self.watch(job_id, entry.file, status)
            if status.state.terminal:
                entry.outcome = self._outcome(entry, status)

    def _outcome(self, entry: _Entry, status: JobStatus) -> FileOutcome:
        outcome = FileOutcome(
            file=entry.file,
            job_id=status.job_id,
            state=status.state,
            error=status.error,
            pages=status.pages or 0,
            pages_failed=tuple(status.pages_failed),
            confidence=round(status.confidence or 0.0, 2),
            seconds=round(status.seconds or 0.0, 3),
            outputs={},
        )
        try:
            return replace(outcome, outputs=self._written(entry.stem, status))
        except (PlatformError, OSError) as exc:
            return replace(outcome, state=JobState.FAILED, error=_fault(exc))

    def _written(self, stem: str, status: JobStatus) -> dict[str, str]:
        paths: dict[str, str] = {}
        result = self.client.result(status.job_id)
        for output in status.outputs:
            path = self.out / (stem + _EXTENSIONS[output.format])
            write_private(path, result.read(output.format))
            paths[str(output.format)] = str(path)
        return paths


def make_output_directory(path: Path) -> None:
    """Make a directory that only its owner may read, unless it is there. Raises UsageError when that is impossible."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise UsageError(f"The directory for the outputs cannot be made: {exc.strerror}.") from exc


def _entries(files: Sequence[str]) -> Iterator[_Entry]:
    """Files with the names of their outputs: the file's own name, numbered where two would be the same.

    No output has the name of a file that is read: `scan` beside `scan.pdf`, with outputs in the same directory, would
    overwrite it.
    """
    names = [Path(file).name for file in files]
    taken = set(names)
    met: set[str] = set()
    for file, name in zip(files, names, strict=True):
        stem, number = name, 1
        while stem in met or (number > 1 and stem in taken) or taken.intersection(map(stem.__add__, _ENDINGS)):
            number += 1
            stem = f"{name}-{number}"
        met.add(stem)
        yield _Entry(file, stem)


def _fault(error: PlatformError | OSError) -> Fault:
    if isinstance(error, PlatformError):
        return Fault(error.code, error.message)
    return Fault(InternalError.code, f"The output cannot be written: {error.strerror}.")


def _refused(file: str, error: PlatformError) -> FileOutcome:
    return FileOutcome(file, None, JobState.FAILED, _fault(error), 0, (), 0.0, 0.0, {})

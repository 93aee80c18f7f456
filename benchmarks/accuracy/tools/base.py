"""What all tools have in common."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.speed.corpus import Page
from benchmarks.speed.peer_environment import PEERS, peer_program

PATIENCE_SECONDS = 600.0  # for one page; it is there to end a run that hangs


class NotInstalled(Exception):
    """A tool's program is not there; it is left out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool made of a page: a text, or `error` and no text. CPU and wall seconds, peak bytes of its processes."""

    text: str
    cpu_seconds: float
    seconds: float
    peak_bytes: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What decides, beside the page, what a tool reads: results are kept under it.

    `title` is how reports call it. `options` are its own words; `with_models` says that Tesseract's models decide, too.
    """

    name: str
    title: str
    version: str
    options: str
    with_models: bool = True


class Tool(Protocol):
    """One of those that read pages."""

    @property
    def identity(self) -> Identity:
        """What its results are kept under."""
        ...

    def read(self, page: Page, file: Path) -> Outcome:
        """Read `file`, the copy of a page on a tmpfs. A fault of the page is in the outcome."""
        ...

    def close(self) -> None:
        """End what still runs."""
        ...


def environment(folder: Path, models: Path) -> dict[str, str]:
    """What every tool sees: programs of the peers first, a home without caches, the same models, one thread a page."""
    return {
        "PATH": f"{PEERS / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        "LC_ALL": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "TESSDATA_PREFIX": str(models),
        "OMP_THREAD_LIMIT": "1",
    }


def required(program: str) -> Path:
    """A program of the peers' environment. Raises NotInstalled."""
    path = peer_program(program)
    if path is None:
        raise NotInstalled(f"{program} is not installed: run scripts/peers")
    return path


def last_line(log: Path) -> str:
    """What a program said last."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"

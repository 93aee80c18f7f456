"""What all contenders have in common."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.servers import Servers
from benchmarks.speed.corpus import Page
from benchmarks.speed.peer_environment import PEERS, peer_program
from benchmarks.speed.usage import Usage

JOBS = 2  # pages at a time, the same for all
_TAIL_LINES = 12


class NotInstalled(Exception):
    """A contender's program is not there; it is left out."""


class ContenderFailed(Exception):
    """A contender did not do its work; the message ends with what it said last."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One contender's figures of one round; texts in the order of the pages, CPU seconds of servers by name."""

    usage: Usage
    texts: Sequence[str]
    servers_cpu: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ground:
    """What every contender is given: `files` are copies of the pages on a tmpfs, `models` the folder of models."""

    servers: Servers
    pages: Sequence[Page]
    files: Sequence[Path]
    models: Path
    scratch: Path

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """An empty folder on the tmpfs for one turn."""
        path = self.scratch / "turn"
        path.mkdir()
        try:
            yield path
        finally:
            shutil.rmtree(path)

    def environment(self, folder: Path) -> dict[str, str]:
        """The environment of a peer: its programs first, a home without caches, the models of all."""
        return {
            "PATH": f"{PEERS / 'bin'}:{os.environ.get('PATH', os.defpath)}",
            "LC_ALL": "C.UTF-8",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "TESSDATA_PREFIX": str(self.models),
        }


class Contender(Protocol):
    """One of those that take turns; `title` is how the report calls it."""

    @property
    def name(self) -> str:
        """As it is chosen by."""
        ...

    @property
    def title(self) -> str:
        """As the table shows it."""
        ...

    def turn(self, ground: Ground) -> Turn:
        """Recognise all pages once. Raises NotInstalled or ContenderFailed."""
        ...


def required(program: str) -> Path:
    """A program of the peers' environment. Raises NotInstalled."""
    path = peer_program(program)
    if path is None:
        raise NotInstalled("not installed: run scripts/peers")
    return path


def tail(log: Path) -> str:
    """The last lines of what a program said."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()[-_TAIL_LINES:]
    except OSError:
        return ""
    return "".join(f"\n    {line}" for line in lines)

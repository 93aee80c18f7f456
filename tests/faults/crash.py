"""What is to happen at a crash point, how often, and how it is told to the program that does it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal
from uuid import UUID

VARIABLE = "OCR_TEST_CRASH"  # only `armed` reads it
ANY_POINT = "*"

Deed = Literal["kill_child", "kill_worker", "stop_child", "sleep", "raise"]


@dataclass(frozen=True)
class Crash:
    """At `point` (a value of CrashPoint, or "*") do this, `times` times over all processes that share the latch.

    `kill_child`: SIGKILL the process that is there. `kill_worker`: SIGKILL the worker's main process and its children.
    `stop_child`: SIGSTOP. `sleep`: stay there for `delay` seconds. `raise`: an error that nobody expects, which says
    `backwards`, read from its end: what a process is told stands in its environment. All but the last two happen
    `delay` seconds later, while the process goes on. The first `skip` visits, counted over all processes, pass. With
    `job`, an id, only visits count at which this job is in hand. With `kind` it happens once the process has such a
    process running: a "host", a "sandbox", or a program by its name.
    """

    point: str
    do: Deed
    latch: Path
    times: int = 1
    delay: float = 0.0
    skip: int = 0
    job: str | None = None
    kind: str | None = None
    backwards: str = ""

    def at(self, job: UUID) -> "Crash":
        """The same crash, for one job alone."""
        return replace(self, job=str(job))

    def amid(self, kind: str) -> "Crash":
        """The same crash, in the midst of a kind of process that was started after the point."""
        return replace(self, kind=kind)

    @property
    def struck(self) -> int:
        """How often it happened so far."""
        return len(self.strikes)

    @property
    def strikes(self) -> "list[Strike]":
        """Each time that it happened, in order."""
        numbered = sorted(self.latch.glob("struck-*"), key=lambda path: int(path.name.partition("-")[2]))
        return [Strike(**json.loads(path.read_text())) for path in numbered]

    @property
    def passed(self) -> int:
        """How many of the first `skip` visits there were."""
        return sum(1 for _ in self.latch.glob("passed-*"))


@dataclass(frozen=True)
class Strike:
    """What a process had in hand when it was struck: the job and the task, empty outside of tasks; seconds since 1970.

    `descendants` are the process ids and kinds of what it had started: a host, a sandbox, a recogniser.
    """

    at: float
    process: int
    job: str = ""
    task: str = ""
    descendants: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True)
class Arming:
    """All that is odd about one process: crashes, a clock that is so many seconds ahead, another protocol version, so
    many seconds instead of a minute from what a task may take to its soft limit, and from that to the hard one.
    """

    crashes: Sequence[Crash] = field(default=())
    wall_clock_offset: float = 0.0
    protocol_version: int | None = None
    limit_margin: float | None = None

    @property
    def needed(self) -> bool:
        """False when there is nothing odd."""
        return self != Arming()

    def dumps(self) -> str:
        """The value of the environment variable."""
        return json.dumps(asdict(self), default=str)


def loads(value: str) -> Arming:
    """What `dumps` wrote; a single crash may also stand alone."""
    read = json.loads(value)
    offset, version = read.pop("wall_clock_offset", 0.0), read.pop("protocol_version", None)
    margin = read.pop("limit_margin", None)
    listed = read.get("crashes", [read] if read else [])
    crashes = tuple(Crash(**{**each, "latch": Path(each["latch"])}) for each in listed)
    return Arming(crashes, offset, version, margin)

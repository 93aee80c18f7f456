"""What a process tree uses: wall time, CPU time of all that it started, and the peak of its memory.

The sampler reads /proc itself: psutil goes over every process of the machine to find the children of one.
"""

import contextlib
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.servers import tree_cpu_seconds

_SAMPLE_SECONDS = 0.2
_SANDBOX = b"ocr_platform.sandbox"
_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Wall and CPU seconds, peak bytes of the whole tree; `sampling_seconds` is the CPU that looking at it took.

    `sandbox_cpu_seconds` is what the platform's sandboxes and their hosts used of `cpu_seconds`.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    sampling_seconds: float
    sandbox_cpu_seconds: float = 0.0


def process_tree(root: int) -> list[int]:
    """A process and all that it started and that still run, parents first."""
    found = [root]
    for pid in found:  # grows while it is gone through
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_bytes().split())
    return found


def sandbox_hosts(tree: Sequence[int]) -> list[int]:
    """Those of a tree, parents first, whose command line names the sandbox, without what these started in turn."""
    found: list[int] = []
    below: set[int] = set()
    for pid in tree:
        if pid not in below and _SANDBOX in _command_line(pid):
            found.append(pid)
            below.update(process_tree(pid))
    return found


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def memory_bytes(pid: int) -> int:
    """Proportional set size: what processes share is shared out. Resident set size where the kernel tells no other."""
    with contextlib.suppress(OSError):
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_bytes())
        return 1024 * int(found[1]) if found else 0
    return resident_bytes(pid)


def resident_bytes(pid: int) -> int:
    """Resident set size: what processes share counts for each of them."""
    with contextlib.suppress(OSError):
        return _PAGE_BYTES * int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
    return 0


class WholeTree:
    """What a sampler looks at when all processes count alike.

    The kernel adds a proportional size up page by page, milliseconds for a large process, which would slow down what
    has many; so it is asked only when the resident size, which costs microseconds, is the greatest so far.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._most_resident = -1

    def __call__(self) -> Mapping[str, int]:
        """Bytes at this moment; nothing when there have been more before."""
        tree = process_tree(self._root)
        resident = sum(map(resident_bytes, tree))
        if resident <= self._most_resident:
            return {}
        self._most_resident = resident
        return {"all": sum(map(memory_bytes, tree))}


class Sampler:
    """A thread that looks at memory several times a second; `peaks` in bytes, under the names that `look` gives."""

    def __init__(self, look: Callable[[], Mapping[str, int]], every_seconds: float = _SAMPLE_SECONDS) -> None:
        self.peaks: dict[str, int] = {}
        self.cpu_seconds = 0.0
        self._look = look
        self._every = every_seconds
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            for name, size in self._look().items():
                self.peaks[name] = max(size, self.peaks.get(name, 0))
            self.cpu_seconds = time.thread_time()
            if self._end.wait(self._every):
                return


class CommandFailed(Exception):
    """A command ended with an exit code other than 0."""


def measure_command(
    command: Sequence[str | Path], environment: Mapping[str, str], log: Path, stdin: Path | None = None
) -> Usage:
    """Run a command to its end. Its CPU time is the kernel's own sum over it and all that it waited for.

    Raises CommandFailed; what it said is in `log`.
    """
    with log.open("wb") as said, open(stdin or os.devnull, "rb") as given:
        started = time.monotonic()
        process = subprocess.Popen(command, env=dict(environment), stdin=given, stdout=said, stderr=said)  # noqa: S603
        try:
            with Sampler(WholeTree(process.pid)) as sampler:
                _, status, resources = os.wait4(process.pid, 0)
                seconds = time.monotonic() - started
        except BaseException:
            process.kill()
            raise
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailed(f"exit code {process.returncode}")
    cpu_seconds = resources.ru_utime + resources.ru_stime
    return Usage(seconds, cpu_seconds, sampler.peaks["all"], sampler.cpu_seconds)


@contextlib.contextmanager
def measured(pid: int, into: list[Usage]) -> Iterator[None]:
    """Measure what a process that already runs, and all that it started, use meanwhile; appended when it went well."""
    before, of_sandboxes = tree_cpu_seconds(pid), _sandbox_cpu_seconds(pid)
    started = time.monotonic()
    with Sampler(WholeTree(pid)) as sampler:
        yield
        seconds = time.monotonic() - started
    used, of_sandboxes = tree_cpu_seconds(pid) - before, _sandbox_cpu_seconds(pid) - of_sandboxes
    into.append(Usage(seconds, used, sampler.peaks["all"], sampler.cpu_seconds, of_sandboxes))


def _sandbox_cpu_seconds(root: int) -> float:
    return sum(map(tree_cpu_seconds, sandbox_hosts(process_tree(root))))

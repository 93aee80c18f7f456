"""`ocr-platform up` in a process of its own, and a look at all that belongs to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from ocr_platform.local.directory import MARKER
from tests.processes import alive

SECONDS = 60.0


@dataclass
class Up:
    """A running `ocr-platform up`; `about` is what it printed when it was ready."""

    process: subprocess.Popen[str]
    base: Path
    about: dict[str, Any] = field(default_factory=dict)

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        self.about = json.loads(self.process.stdout.readline())

    @property
    def directory(self) -> Path:
        return Path(self.about["env_file"]).parent

    @property
    def ports(self) -> set[int]:
        return {int(address.rpartition(":")[2]) for address in self.about["addresses"].values()}

    def processes(self) -> list[psutil.Process]:
        """All that `up` started, and what that started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def send(self, number: signal.Signals) -> int:
        """Send a signal to `up` alone and wait for its end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@contextmanager
def started_up(base: Path) -> Iterator[Up]:
    """`up` with its stacks in `base`; whatever is left of it at the end is killed."""
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(base),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "ocr_platform", "up", "--json", "--workers", "1"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        up = Up(process, base)
        try:
            yield up
        finally:
            process.kill()
            # Postgres gives its shared memory back when it is let.
            for left in left_after(under(base), 3):
                with suppress(psutil.NoSuchProcess):
                    left.kill()


def marked(name: str) -> list[psutil.Process]:
    """Processes of the stack of this name."""
    return _with(lambda environment: environment.get(MARKER) == name)


def under(base: Path) -> list[psutil.Process]:
    """Processes of all stacks in `base`."""
    return _with(lambda environment: MARKER in environment and str(base) in environment.get("TMPDIR", ""))


def _with(wanted: Callable[[dict[str, str]], bool]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.pid != os.getpid() and wanted(process.environ()):
                found.append(process)
    return found


def stacks_in(base: Path) -> list[Path]:
    """Directories of stacks that are there."""
    return list(base.glob("ocr-platform-*/stack-*"))


def files_in(base: Path) -> list[Path]:
    return [path for path in base.rglob("*") if not path.is_dir()]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def memory_files(processes: Iterable[psutil.Process]) -> set[Path]:
    """Files in shared memory that processes have mapped: they outlive a process that does not remove them."""
    found = set()
    for process in processes:
        with suppress(psutil.NoSuchProcess, PermissionError):
            found |= {Path(each.path) for each in process.memory_maps() if each.path.startswith("/dev/shm/")}
    return found


def left_after(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run when they had so long to end."""
    waited_for = list(processes)
    ends = time.monotonic() + seconds
    while (left := alive(*waited_for)) and time.monotonic() < ends:
        time.sleep(0.05)
    return left


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.05)

"""A stack's directory: private, locked by its owner, and swept by the next start if the owner was killed."""

import os
import shutil
import signal
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
from mirakuru.base_env import processes_with_env

from ocr_platform.errors import StackFailed
from ocr_platform.private_files import write_private
from ocr_platform.sandbox.limits import memory_dir
from ocr_platform.sandbox.scratch import lock_directory, make_locked_directory, remove_stale

MARKER = "OCR_LOCAL_STACK"  # in the environment of every process of a stack
_PREFIX = "stack-"
# Others may pass through (Postgres runs as another user when we are root) but see nothing.
_PASSABLE = 0o711
_STOP_SECONDS = 3.0


def base_directory() -> Path:
    """Where this user's stacks live. Raises StackFailed when somebody else made it."""
    path = Path(tempfile.gettempdir(), f"ocr-platform-{os.getuid()}")
    path.mkdir(mode=_PASSABLE, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise StackFailed(f"{path} belongs to somebody else; set TMPDIR to a directory of your own.")
    path.chmod(_PASSABLE)
    _require_passable(path)
    return path


def _require_passable(path: Path) -> None:
    """As root, PostgreSQL runs as another user, who must be able to get to its directory."""
    closed = [parent for parent in path.parents if not parent.stat().st_mode & stat.S_IXOTH]
    if os.getuid() == 0 and closed:
        raise StackFailed(f"PostgreSQL's user cannot pass {closed[0]}; set TMPDIR to a directory that it can reach.")


class StackDirectory:
    """The directory of one stack; `name` is unique, and marks the stack's processes."""

    def __init__(self, base: Path | None = None) -> None:
        base = base or base_directory()
        sweep(base)
        self.path: Path
        self._lock: int | None
        self.path, self._lock = make_locked_directory(base, _PREFIX)
        self.path.chmod(_PASSABLE)
        self.name = self.path.name

    def make(self, name: str) -> Path:
        """A private directory inside."""
        path = self.path / name
        path.mkdir(mode=0o700)
        return path

    def write(self, name: str, content: str) -> Path:
        """A file that only this user can read."""
        path = self.path / name
        write_private(path, content.encode())
        return path

    def environment(self, temp: Path) -> dict[str, str]:
        """What any program of the stack needs, and the mark by which what is left of it is found."""
        models = {name: os.environ[name] for name in ("TESSDATA_PREFIX",) if name in os.environ}
        return models | {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "HOME": str(temp),
            "TMPDIR": str(temp),
            "PYTHONDONTWRITEBYTECODE": "1",
            MARKER: self.name,
        }

    def remove(self) -> None:
        """End whatever still runs and remove everything."""
        _remove(self.path)
        _remove_scratch()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def sweep(base: Path) -> list[str]:
    """End and remove the stacks whose owners are dead; return their names."""
    swept = []
    for path in base.glob(f"{_PREFIX}*"):
        lock = lock_directory(path)
        if lock is None:
            continue
        _remove(path)
        os.close(lock)
        swept.append(path.name)
    _remove_scratch()
    return swept


def _remove_scratch() -> None:
    """Scratch directories of sandboxes whose workers were killed."""
    for base in (memory_dir(), Path(tempfile.gettempdir())):
        if base is not None:
            remove_stale(base)


def _remove(path: Path) -> None:
    _end_processes(path.name)
    shutil.rmtree(path, ignore_errors=True)


def _end_processes(name: str) -> None:
    """SIGINT first: it is Postgres's fast shutdown, which gives its shared memory back. Then SIGKILL."""
    for sent in (signal.SIGINT, signal.SIGKILL):
        left = {pid for pid in processes_with_env(MARKER, name) if pid != os.getpid()}
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, sent)
        ends = time.monotonic() + _STOP_SECONDS
        while any(map(_runs, left)) and time.monotonic() < ends:
            time.sleep(0.02)


def _runs(pid: int) -> bool:
    """True unless the process is gone, or has ended and only waits for its parent to notice."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

"""Scratch directories that leave nothing behind, not even after a kill -9."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from ocr_platform.sandbox.limits import memory_dir

_PREFIX = "ocr-sandbox-"


class Scratch:
    """A private directory, locked for as long as its owner lives; whoever comes next removes what is not locked."""

    def __init__(self, base: Path | None = None) -> None:
        base = base or memory_dir() or Path(tempfile.gettempdir())
        remove_stale(base)
        self.path: Path
        self._lock: int | None
        self.path, self._lock = make_locked_directory(base, _PREFIX)

    def close(self) -> None:
        """Remove the directory and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_stale(base: Path) -> int:
    """Remove the directories of owners that died; return how many."""
    removed = 0
    for path in base.glob(f"{_PREFIX}*"):
        lock = lock_directory(path)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)
            removed += 1
    return removed


def make_locked_directory(base: Path, prefix: str) -> tuple[Path, int]:
    """A new private directory and the descriptor that holds its lock.

    Between the two somebody who looks for stale directories may take it for one: then another one is made.
    """
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
        lock = lock_directory(path)
        if lock is not None and path.exists():
            return path, lock
        if lock is not None:
            os.close(lock)


def lock_directory(path: Path) -> int | None:
    """A descriptor that holds the directory's lock while this process lives; None when somebody else holds it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor

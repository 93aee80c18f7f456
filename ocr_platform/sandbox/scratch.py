"""Scratch directories that leave nothing behind, not even after a kill -9."""

import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

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
        remove_tree(self.path)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_stale(base: Path) -> int:
    """Remove the directories of owners that died; return how many."""
    removed = 0
    for path in base.glob(f"{_PREFIX}*"):
        lock = lock_directory(path)
        if lock is not None:
            remove_tree(path)
            os.close(lock)
            removed += 1
    return removed


def remove_tree(top: Path) -> None:
    """Remove a directory with all that is in it; what cannot be removed stays."""
    with suppress(OSError):
        empty(top)
        top.rmdir()


def empty(top: Path) -> None:
    """Remove all that a sandbox left in a directory. Raises OSError.

    It may be a tree deeper than any path or recursion goes, of directories that nobody may list: each is opened to us,
    and what it holds moves up to the top before it goes.
    """
    folders = True
    while folders:
        folders = False
        for path in _entries(top):
            folders = True
            for inner in _entries(path):
                inner.rename(top / uuid4().hex)
            path.rmdir()


def _entries(folder: Path) -> list[Path]:
    """The directories in a directory, which any owner may now list and move; all else in it is removed."""
    found = []
    with os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                Path(entry.path).chmod(0o700)
                found.append(Path(entry.path))
            else:
                Path(entry.path).unlink()
    return found


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

"""A disk that is small, and that is full when a test wants it to be."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_FILL = "filled-by-somebody-else"


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[Path]:
    """A tmpfs of so many bytes, mounted at `place`, which is made for it and gone afterwards; skips without root."""
    place.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
        try:
            yield place
        finally:
            # Lazily: a process that is being ended may still stand in it.
            subprocess.run(["umount", "--lazy", str(place)], check=True)
    finally:
        place.rmdir()


def fill(disk: Path) -> None:
    """Leave no room on a disk."""
    with (disk / _FILL).open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def free(disk: Path) -> None:
    """Take away what `fill` wrote."""
    (disk / _FILL).unlink()


def left_on(disk: Path) -> list[str]:
    """What else lies on it."""
    return [str(path.relative_to(disk)) for path in disk.rglob("*") if path.name != _FILL]


def room_on(disk: Path) -> int:
    """Free bytes."""
    there = os.statvfs(disk)
    return there.f_bavail * there.f_frsize

"""Limits that a process puts on itself before it touches foreign bytes. Linux only."""

import ctypes
import os
import resource
import signal
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_MAX_OPEN_FILES = 64
# Tesseract's output and the uncompressed page: nothing larger is ever written.
_MAX_FILE_BYTES = 2 * 1024**3


def limit_resources(memory_bytes: int) -> None:
    """Bound address space, files and their size; no core dumps. Children inherit all of it."""
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
        (resource.RLIMIT_FSIZE, _MAX_FILE_BYTES),
    ):
        _soft, hard = resource.getrlimit(kind)
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (bound, bound))


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel send SIGTERM when the parent dies; exit at once if it already has."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent_pid:
        raise SystemExit(0)


def memory_dir() -> Path | None:
    """A directory that is kept in memory, if this machine has one that can be written to."""
    shared_memory = Path("/dev/shm")  # noqa: S108  POSIX shared memory: a tmpfs, and each user has it
    return shared_memory if os.access(shared_memory, os.W_OK | os.X_OK) else None

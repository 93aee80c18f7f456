"""Limits that a process puts on itself before it touches foreign bytes. Linux only."""

import ctypes
import os
import resource
import signal
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def limit_resources(*, memory_bytes: int, cpu_seconds: int, file_bytes: int, open_files: int) -> None:
    """Bound address space, CPU, files and their size; no core dumps. Children inherit all of it."""
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_FSIZE, file_bytes),
    ):
        _soft, hard = resource.getrlimit(kind)
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        # The kernel tells of CPU that is used up by a signal of its own at the soft limit, and by SIGKILL at the hard.
        soft = max(1, bound - 1) if kind == resource.RLIMIT_CPU else bound
        resource.setrlimit(kind, (soft, bound))


def die_with_parent(parent_pid: int, signal_number: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send a signal when the parent dies; exit at once if it already has."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal_number) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent_pid:
        os._exit(0)


def memory_dir() -> Path | None:
    """A directory that is kept in memory, if this machine has one that can be written to."""
    shared_memory = Path("/dev/shm")  # noqa: S108  POSIX shared memory: a tmpfs, and each user has it
    return shared_memory if os.access(shared_memory, os.W_OK | os.X_OK) else None

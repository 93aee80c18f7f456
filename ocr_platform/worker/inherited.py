"""Connections that a forked process inherits from the worker, and must not have."""

import os
import socket
from contextlib import suppress
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")


def drop_connections() -> int:
    """Put /dev/null in the place of every Internet socket of this process; return how many there were.

    A process that replaces another is forked while the worker is connected to Redis. With a copy of that connection it
    would keep Redis handing messages to a worker that has died. The numbers stay taken: objects that came over the fork
    close them some time, and would close somebody else's file.
    """
    dropped = 0
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        for descriptor in [int(entry.name) for entry in _DESCRIPTORS.iterdir()]:
            with suppress(OSError):  # the descriptor of this very listing is closed by now
                if _is_connection(descriptor):
                    os.dup2(nothing, descriptor, inheritable=False)
                    dropped += 1
    finally:
        os.close(nothing)
    return dropped


def _is_connection(descriptor: int) -> bool:
    if not str((_DESCRIPTORS / str(descriptor)).readlink()).startswith("socket:"):
        return False
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        return copy.family in (socket.AF_INET, socket.AF_INET6)

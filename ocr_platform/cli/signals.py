"""Termination of commands that own a stack: every way to stop one must clean up."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def orderly_exit() -> Iterator[None]:
    """SIGTERM and SIGHUP unwind like Ctrl-C does, and nothing interrupts the unwinding."""

    def leave(number: int, _frame: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, leave)
    yield

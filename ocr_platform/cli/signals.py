"""Termination of commands that own a stack: every way to stop one must clean up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from ocr_platform.local.uninterrupted import INTERRUPTING

_AGAIN_SECONDS = 1.0


@contextmanager
def orderly_exit() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP unwind with exit code 128 + signal; `uninterrupted` keeps them from the clean-up."""
    first: list[int] = []

    def leave(number: int, _frame: object) -> None:
        if first and number != signal.SIGALRM:
            return  # an impatient second Ctrl-C must not cut the clean-up short
        # Python drops an exception that strikes in a finaliser: the alarm comes again until the clean-up has begun.
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
        first.append(number)
        raise SystemExit(128 + first[0])

    for each in INTERRUPTING:
        signal.signal(each, leave)
    try:
        yield
    finally:
        # Cleaned up: an alarm while Python itself ends would kill the process, and change its exit code.
        signal.setitimer(signal.ITIMER_REAL, 0)

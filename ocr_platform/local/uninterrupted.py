"""Clean-ups that no signal cuts short."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM})


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold these signals back until the block has ended; an alarm that is set is taken off."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTING)
    signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

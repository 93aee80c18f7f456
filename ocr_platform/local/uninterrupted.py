"""What no signal may cut short: a clean-up, or a program that leaves things behind when it is killed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM})


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold these signals back until the block has ended."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

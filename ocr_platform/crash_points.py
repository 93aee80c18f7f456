"""Places where a crash would hurt most, by name. Tests arm them; nothing else can.

No setting and no environment variable leads here: a test starts a worker through a program of its own, which sets a
hook before it hands over to the command line.
"""

from collections.abc import Callable
from enum import StrEnum


class CrashPoint(StrEnum):
    """Where a worker, or beat, stands."""

    MESSAGE_TAKEN = "message_taken"  # off the queue, nothing claimed yet
    CLAIMED = "claimed"  # the claim is committed, no work done
    FETCHING = "fetching"  # the source is open, its body half read
    PAGE_STARTED = "page_started"  # a page is being recognised
    STAGED = "staged"  # a batch of pages is in S3, Postgres does not know
    CHECKPOINTED = "checkpointed"  # Postgres knows the batch, nothing is handed over
    TEXT_SEALED = "text_sealed"  # the sealed text is in Postgres, no output is in S3
    OUTPUT_WRITTEN = "output_written"  # an output is in S3, Postgres does not know
    FINISHING = "finishing"  # staged objects are gone, the terminal state is not committed
    FINISHED = "finished"  # the terminal state is committed
    MOVED = "moved"  # the job is in its next stage, no message says so
    TASK_DONE = "task_done"  # all is done but the acknowledgement of the message
    REAPED = "reaped"  # the reaper noted that it woke a job, and has sent no message yet
    REAPER_PUBLISHED = "reaper_published"  # the reaper sent a message from the outbox, Postgres does not know


_hook: Callable[[CrashPoint], None] | None = None


def arm(hook: Callable[[CrashPoint], None] | None) -> None:
    """Have `hook` called wherever this process comes by; None disarms."""
    global _hook  # noqa: PLW0603  one per process, on purpose
    _hook = hook


def reach(point: CrashPoint) -> None:
    """Say that this process is at `point`. Does nothing unless a test armed it."""
    if _hook is not None:
        _hook(point)

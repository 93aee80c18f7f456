"""How long a worker stays with one job, and how much of it it takes at once."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

_WORTHWHILE_SECONDS = 1.0  # a batch costs two statements, and an object that is written and read
_SHORTEST = 0.001  # a page, in seconds

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Pace:
    """Bounds of batches and time slices; seconds by `clock`, which never runs backwards.

    `lease_seconds` is how long pages stay with a helper that died; `document_seconds` what all pages of a document may
    take together.
    """

    batch_pages: int
    batch_seconds: float
    slice_seconds: float
    lease_seconds: float = 60.0
    max_helpers: int = 0
    clock: Clock = time.monotonic
    document_seconds: float = math.inf

    def helpers(self, pages: int | None) -> int:
        """How many helpers are worth waking for so many pages: each finds at least a batch to do."""
        return max(0, min(self.max_helpers, -(-(pages or 0) // self.batch_pages) - 1))

    def batch_of(self, left: int, helpers: int, page_seconds: float | None = None) -> int:
        """Pages to claim when so many are left, and one took so long: none are to wait for us in vain.

        No more than fit into a batch's time. With helpers, half of what is left is shared out at a time, so that all
        end together (factoring: Hummel, Schonberg and Flynn, 1992), though not in batches of less than a second.
        """
        most = self.batch_pages
        if helpers:
            share = math.ceil(left / (2 * (1 + helpers)))
            worthwhile = 1 if page_seconds is None else math.ceil(_WORTHWHILE_SECONDS / max(page_seconds, _SHORTEST))
            most = min(most, max(1, share, worthwhile))
        if page_seconds is None or page_seconds * most <= self.batch_seconds:
            return most
        return max(1, round(self.batch_seconds / page_seconds))

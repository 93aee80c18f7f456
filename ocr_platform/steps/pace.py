"""How long a worker stays with one job, and how much of it it takes at once."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

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

    def batch_of(self, page_seconds: float | None) -> int:
        """Pages to claim when one took so long: what fits into a batch's time, so that none wait for us in vain."""
        if page_seconds is None or page_seconds * self.batch_pages <= self.batch_seconds:
            return self.batch_pages
        return max(1, round(self.batch_seconds / page_seconds))

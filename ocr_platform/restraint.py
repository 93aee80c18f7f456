"""How often a source may be asked for something new, when each refusal is a reason to ask."""

import math
import time

_LEAST_SECONDS = 1.0
_MOST_SECONDS = 60.0


class Restraint:
    """Once a second, and more rarely while nothing new comes: a wrong password must not become a stream of requests."""

    def __init__(self) -> None:
        self._asked_at = -math.inf
        self._pause = _LEAST_SECONDS

    def allows(self) -> bool:
        """True when the source may be asked now; it then counts as asked."""
        if time.monotonic() - self._asked_at < self._pause:
            return False
        self._asked_at = time.monotonic()
        return True

    def answered(self, *, new: bool) -> None:
        """Note whether the source had something new."""
        self._pause = _LEAST_SECONDS if new else min(2 * self._pause, _MOST_SECONDS)

"""What processes of a fleet have logged, as events."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from tests.faults.fleet import Fleet

_POLL_SECONDS = 0.02


def events(fleet: Fleet, name: str, event: str = "", job_id: UUID | None = None, **fields: Any) -> list[dict[str, Any]]:
    """Lines that a process of this name has logged: those of one event, of one job, with these fields."""
    wanted = fields | ({"event": event} if event else {}) | ({"job_id": str(job_id)} if job_id else {})
    found = []
    for line in fleet.log(name).splitlines():
        try:
            logged = json.loads(line)
        except ValueError:
            continue  # half a line is being written
        if wanted.items() <= logged.items():
            found.append(logged)
    return found


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Wait until something is so; the seconds that it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {what}"
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - started

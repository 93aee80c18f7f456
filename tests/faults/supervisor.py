"""Starting again what has ended, as systemd or ECS does."""

import time
from collections.abc import Callable

from ocr_platform.local.service import Service

_POLL_SECONDS = 0.02


class Supervisor:
    """Calls of it start again what has ended of the processes that it keeps. Use it in the main thread."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Service, Callable[[], Service]]] = {}
        self.restarts = 0

    def keep(self, *starts: Callable[[], Service]) -> None:
        """Start processes, and again whenever they have ended."""
        for start in starts:
            service = start()
            self._kept[service.name] = service, start

    def __call__(self) -> None:
        for service, start in list(self._kept.values()):
            if not service.running():
                self.restarts += 1
                self.keep(start)


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> float:
    """Wait until something is so; the seconds that it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"it did not happen within {seconds} s"
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - started

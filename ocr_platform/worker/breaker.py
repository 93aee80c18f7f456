"""The breaker: a process that met a fault of the installation takes no work until it has seen that the fault is gone.

Each process has its own: a role, a mount or a key's grant may be wrong on one machine alone, and the others go on. What
decides is a probe that asks of the installation what a document would. A document whose own object or key is refused
therefore stops nobody else.
"""

import logging
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from ocr_platform.errors import (
    CredentialsRefused,
    CredentialsUnavailable,
    EngineMissing,
    PlatformError,
    SandboxRefused,
    SystemicError,
)
from ocr_platform.ports import BreakerLog
from ocr_platform.worker.shutdown import Shutdown

# What no document can help: all of this process would meet it.
INSTALLATION = (SystemicError, CredentialsUnavailable, CredentialsRefused)
# A sandbox is its thread's own: only whoever will use it can see whether it works again.
_OF_THE_THREAD = (EngineMissing, SandboxRefused)

_log = logging.getLogger(__name__)
_SLOWEST = 12  # probes become rarer, down to one in so many times the first pause
_GROWTH = 2.0
# A message that cannot be worked on is kept in hand for so long, and goes back to its queue then.
_PATIENCE_SECONDS = 5.0
_TICK_SECONDS = 0.25


class Breaker:
    """Open while the fault that `meets` was told of is there. Safe for threads.

    `probe` raises what is wrong, for the error that was met. `pause_seconds` pass between the first two probes, then
    twice as much, up to twelve times.
    """

    def __init__(
        self, probe: Callable[[PlatformError], None], log: BreakerLog, shutdown: Shutdown, pause_seconds: float
    ) -> None:
        self._probe = probe
        self._book = log
        self._shutdown = shutdown
        self._first_pause = self._pause = pause_seconds
        self._lock = threading.Lock()
        self._error: PlatformError | None = None
        self._opened = 0.0
        self._due = 0.0

    @property
    def wait_seconds(self) -> float:
        """When a job that the fault held up is worth another look; jobs that were held up together come back apart."""
        return self._pause * random.uniform(1.0, 1.5)  # noqa: S311  no cryptography

    @property
    def own_fault_seconds(self) -> float:
        """When a job that alone cannot have its key is worth another look: ten thousand ask 170 times a second."""
        return self._first_pause * _SLOWEST

    def admits(self) -> bool:
        """True when there is no fault. Waits a little while for its end, and looks for it when that is due."""
        ends = time.monotonic() + _PATIENCE_SECONDS
        while self._error is not None:
            if self._shutdown.begun or time.monotonic() >= ends:
                return False
            if not self._looked():
                time.sleep(_TICK_SECONDS)
        return True

    def meets(self, error: PlatformError) -> bool:
        """Whether the installation, and not the document alone, is at fault; then this opens."""
        with self._lock:
            if self._error is not None:
                return True
            found = self._probed(error)
            if not isinstance(found, INSTALLATION):
                # An installation that cannot be asked just now may be at fault, too: nothing is held against the job.
                return found is not None
            self._open(found)
            return True

    def _watch(self, opened: float) -> None:
        """Look while no message comes, too: when the work is done nobody else would, and the alarm would go on."""
        while self._error is not None and self._opened == opened and not self._shutdown.begun:
            if isinstance(self._error, _OF_THE_THREAD) or not self._looked():
                time.sleep(_TICK_SECONDS)

    def _looked(self) -> bool:
        """Look for the end of the fault if that is due and nobody else does."""
        if time.monotonic() < self._due or not self._lock.acquire(blocking=False):
            return False
        try:
            self._look()
        finally:
            self._lock.release()
        return True

    def _look(self) -> None:
        if self._error is None:
            return
        found = self._probed(self._error)
        if found is None:
            self._close()
            return
        self._pause = min(self._pause * _GROWTH, self._first_pause * _SLOWEST)
        self._due = time.monotonic() + self._pause
        _log.warning("breaker_stays_open", extra={"code": found.code, "next_probe_seconds": self._pause})
        if isinstance(found, INSTALLATION):
            self._error = found
        self._note(lambda name: self._book.open(name, found.code))

    def _open(self, error: PlatformError) -> None:
        self._error, self._opened, self._pause = error, time.monotonic(), self._first_pause
        self._due = time.monotonic() + self._pause
        _log.error("breaker_opened", extra={"code": error.code, "fault": error.message}, exc_info=error)
        self._note(lambda name: self._book.open(name, error.code))
        threading.Thread(target=self._watch, args=[self._opened], name="breaker", daemon=True).start()

    def _close(self) -> None:
        seconds = round(time.monotonic() - self._opened, 1)
        _log.warning("breaker_closed", extra={"code": self._error and self._error.code, "seconds": seconds})
        self._note(self._book.close)
        self._error, self._pause = None, self._first_pause  # last: whoever waits for it goes on now

    def _probed(self, error: PlatformError) -> PlatformError | None:
        try:
            self._probe(error)
        except PlatformError as exc:
            return exc
        return None

    def _note(self, write: Callable[[str], None]) -> None:
        """Leave word for whoever asks how the installation is; the work does not depend on it."""
        with suppress(PlatformError):
            write(f"{socket.gethostname()}:{os.getpid()}")

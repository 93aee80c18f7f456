"""The heartbeat: a thread that renews the claims of this process, and ends work that a shutdown cannot wait for."""

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ocr_platform.errors import ClaimLost, PlatformError
from ocr_platform.models import Job
from ocr_platform.ports import ClaimLog
from ocr_platform.worker.shutdown import Shutdown

_log = logging.getLogger(__name__)
# A lease outlives several renewals that fail, and a restart of the database.
_RENEWALS_A_LEASE = 6
_TICK_SECONDS = 0.25


@dataclass(eq=False)
class Pulse:
    """One claim that is being worked on; moments are monotonic seconds."""

    job: Job
    thread: int
    renewed: float = field(default_factory=time.monotonic)
    lost: bool = False
    interrupted: bool = False


class Heart:
    """Renews what `beating` registers. One thread a process, started with the first claim."""

    def __init__(self, claims: ClaimLog, lease_seconds: float, shutdown: Shutdown, stop_seconds: float) -> None:
        self._claims = claims
        self._lease = lease_seconds
        self._shutdown = shutdown
        self._stop = stop_seconds
        self._pulses: list[Pulse] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._parked = False

    @contextmanager
    def beating(self, job: Job) -> Iterator[Pulse]:
        """Keep a claim alive while the block runs; the pulse says what became of it."""
        pulse = Pulse(job, threading.get_ident())
        with self._changed:
            self._pulses.append(pulse)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="heart", daemon=True)
                self._thread.start()
            if self._parked:
                self._changed.notify()
        try:
            yield pulse
        finally:
            with self._changed:
                self._pulses.remove(pulse)

    def close(self) -> None:
        """Let the thread end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._park()
                if self._closed:
                    return
                pulses = list(self._pulses)
            for pulse in pulses:
                self._renew(pulse)
            self._interrupt()
            with self._changed:
                self._changed.wait(min(_TICK_SECONDS, self._lease / _RENEWALS_A_LEASE))

    def _park(self) -> None:
        """Sleep until there is something to renew. A ticking thread is not woken for each short claim."""
        while not self._pulses and not self._closed:
            self._parked = True
            self._changed.wait()
            self._parked = False

    def _renew(self, pulse: Pulse) -> None:
        now = time.monotonic()
        if pulse.lost or now - pulse.renewed < self._lease / _RENEWALS_A_LEASE:
            return
        try:
            self._claims.renew(pulse.job)
        except ClaimLost:
            # The job may have moved on under this very claim: then the block ends in a moment.
            pulse.lost = pulse in self._pulses
        except PlatformError as exc:
            pulse.lost = now - pulse.renewed > self._lease
            _log.warning("lease_not_renewed", extra={"job_id": str(pulse.job.id), "code": exc.code})
        except Exception:  # noqa: BLE001  the thread must live: other claims depend on it
            pulse.lost = now - pulse.renewed > self._lease
            _log.exception("heart_stumbled")
        else:
            pulse.renewed = now

    def _interrupt(self) -> None:
        """Interrupt what still runs when the shutdown's time is over, where Celery's own time limits would."""
        if not self._shutdown.in_child or self._shutdown.seconds < self._stop:
            return
        with self._changed:
            for pulse in self._pulses:
                if not pulse.interrupted:
                    pulse.interrupted = True
                    signal.pthread_kill(pulse.thread, signal.SIGUSR1)

"""The reaper: finds what no worker will go on with by itself, and wakes one, or ends it.

Everything that it does is a bounded, conditional statement: a second reaper at the same time would do no harm, it would
only be of no use. So an advisory lock keeps all but one at rest, and a resting one steps in when the active one is
silent for long.
"""

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from ocr_platform.broker import hard_limit_seconds
from ocr_platform.crash_points import CrashPoint, reach
from ocr_platform.db import submission
from ocr_platform.db.reaper_lock import ReaperLock
from ocr_platform.db.reaping import ReaperLog, Woken
from ocr_platform.errors import BrokerUnavailable, PlatformError
from ocr_platform.models import Stage
from ocr_platform.runtime import Runtime
from ocr_platform.worker.cleaning import remove_objects
from ocr_platform.worker.orphans import remove_orphans
from ocr_platform.workflow import CHAIN, QUEUE_OF, publish, publish_helpers, queue_length

_log = logging.getLogger(__name__)
_BATCH = 500


class Reaper:
    """One reaper; `round` is called every few seconds."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._log = ReaperLog(runtime.engine, runtime.terms)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._lock = ReaperLock(runtime.engine, timedelta(seconds=20 * runtime.settings.ocr_sweep_seconds))
        self._patience = timedelta(seconds=runtime.settings.ocr_wake_patience_seconds)
        # Long enough for a submission that is just being published.
        self._outbox_age = self._patience / 3
        # By then nothing runs any more that held the job when it failed.
        self._cleaning_age = timedelta(seconds=hard_limit_seconds(runtime.settings))
        self._orphans_due = 0.0
        self._redis_answers = True
        self._figures: dict[str, int] = {}

    def round(self) -> bool:
        """Look for everything once; False when another reaper is active. A part that fails is tried next time."""
        try:
            if not self._lock.acquire(self._name):
                return False
        except PlatformError as exc:
            _log.warning("reaper_waits", extra={"code": exc.code})
            return False
        started = time.monotonic()
        self._figures = {}
        self._redis_answers = True
        for part in (self._lost, self._due, self._outbox, self._unclaimed, self._failed, self._orphans):
            self._tolerant(part)
        seconds = round(time.monotonic() - started, 3)
        self._tolerant(partial(self._log.record_round, self._name, seconds, self._figures))
        if any(self._figures.values()):
            _log.info("reaped", extra={"seconds": seconds, **self._figures})
        return True

    def _tolerant(self, part: Callable[[], None]) -> None:
        try:
            part()
        except PlatformError as exc:
            _log.warning("reaper_part_failed", extra={"part": _name_of(part), "code": exc.code})
        except Exception:  # noqa: BLE001  what is wrong with one part must not keep the others from their work
            _log.exception("reaper_part_crashed", extra={"part": _name_of(part)})

    def _lost(self) -> None:
        self._wake("lost", lambda: self._log.lost(_BATCH))

    def _due(self) -> None:
        self._wake("due", lambda: self._log.due(_BATCH))

    def _unclaimed(self) -> None:
        for queue in dict.fromkeys(QUEUE_OF.values()):
            stages = [stage for stage in CHAIN if QUEUE_OF[stage] == queue]
            # Asked once: what is woken now fills the queue, and what was older then is not in it.
            is_empty = queue_length(self._runtime.app, queue) == 0
            find = partial(self._log.unclaimed, stages, self._patience, _BATCH, queue_is_empty=is_empty)
            self._wake("unclaimed", find)

    def _outbox(self) -> None:
        count = 0
        for outbox_id, job_id, stage in self._log.unpublished(self._outbox_age, _BATCH):
            publish(self._runtime.app, stage, job_id)
            reach(CrashPoint.REAPER_PUBLISHED)
            submission.published(self._runtime.engine, outbox_id)
            count += 1
        self._figures["outbox"] = count

    def _failed(self) -> None:
        """Look once more for objects of failed jobs: a worker that was cut off may have written after the end."""
        for job_id, tenant in self._log.uncleaned(self._cleaning_age, _BATCH):
            self._tolerant(partial(self._clean_for_good, job_id, tenant))

    def _orphans(self) -> None:
        if time.monotonic() < self._orphans_due:
            return
        self._figures["orphans"] = remove_orphans(self._runtime.store, self._log.states)
        self._orphans_due = time.monotonic() + self._runtime.settings.ocr_orphans_seconds

    def _wake(self, kind: str, find: Callable[[], list[Woken]]) -> None:
        """Wake what is found, a batch at a time, for as long as a round may take: a lost queue may hold millions."""
        ends = time.monotonic() + min(self._runtime.settings.ocr_sweep_seconds, self._patience.total_seconds() / 2)
        while True:
            found = find()
            self._figures[kind] = self._figures.get(kind, 0) + len(found)
            for woken in found:
                self._wake_one(kind, woken)
            if len(found) < _BATCH or not self._redis_answers or time.monotonic() >= ends:
                return

    def _wake_one(self, kind: str, woken: Woken) -> None:
        extra = {"job_id": str(woken.job_id), "stage": woken.stage, "attempts": woken.attempts, "why": kind}
        if woken.spent:
            _log.error("job_failed", extra={**extra, "code": "worker_lost"})
            self._figures["failed"] = self._figures.get("failed", 0) + 1
            self._tolerant(partial(self._clean, woken.job_id, woken.tenant))
        else:
            reach(CrashPoint.REAPED)
            _log.info("job_woken", extra=extra)
            self._publish(woken)

    def _publish(self, woken: Woken) -> None:
        """Send a message. If Redis does not take it, the job is found among the unclaimed."""
        if not self._redis_answers:
            return  # each try would take its time
        try:
            publish(self._runtime.app, woken.stage, woken.job_id, woken.fence)
            if woken.stage is Stage.OCR:
                count = self._runtime.pace.helpers(woken.pages_left)
                publish_helpers(self._runtime.app, woken.job_id, count, self._runtime.settings.ocr_time_slice_seconds)
        except BrokerUnavailable as exc:
            self._redis_answers = False
            _log.warning("message_left", extra={"job_id": str(woken.job_id), "code": exc.code})

    def _clean_for_good(self, job_id: UUID, tenant: str) -> None:
        self._clean(job_id, tenant)
        self._log.cleaned(job_id)

    def _clean(self, job_id: UUID, tenant: str) -> None:
        removed = remove_objects(self._runtime.store, tenant, job_id)
        if removed:
            _log.info("objects_removed", extra={"job_id": str(job_id), "count": removed})


def _name_of(part: Callable[[], None]) -> str:
    return str(getattr(part.func if isinstance(part, partial) else part, "__name__", part)).lstrip("_")

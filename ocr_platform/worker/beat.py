"""Beat: Celery's clock, whose only entry is a round of the reaper, run here and not sent to a queue.

In a queue it would wait behind a backlog of documents, which is when it is needed most, and Redis would have to be up.
"""

import logging
from typing import Any

from celery.beat import ScheduleEntry, Scheduler
from celery.signals import setup_logging

from ocr_platform.monitoring.logging import configure_logging
from ocr_platform.runtime import Runtime
from ocr_platform.settings import Settings
from ocr_platform.worker.reaper import Reaper

_ENTRY = "reaper"
_log = logging.getLogger(__name__)


def serve_beat(settings: Settings) -> None:
    """Run the reaper until told to stop."""

    @setup_logging.connect(weak=False)
    def _logging(**_: object) -> None:
        configure_logging(settings.ocr_log_level)

    runtime = Runtime(settings)
    app = runtime.app
    app.conf.update(
        beat_scheduler=scheduler_of(Reaper(runtime)),
        beat_schedule={_ENTRY: {"task": _ENTRY, "schedule": settings.ocr_sweep_seconds}},
        beat_max_loop_interval=settings.ocr_sweep_seconds,
    )
    try:
        app.start(["beat", f"--loglevel={settings.ocr_log_level}"])
    finally:
        runtime.close()


def scheduler_of(reaper: Reaper) -> type[Scheduler]:
    """A scheduler whose entries are rounds of `reaper`. It remembers nothing, so it needs no file."""

    class ReaperScheduler(Scheduler):
        def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:  # noqa: ARG002  Celery's
            try:
                reaper.round()
            except Exception:  # noqa: BLE001  the next round comes whatever happened in this one
                _log.exception("reaper_crashed")

        @property
        def producer(self) -> None:  # type: ignore[override]
            """None: nothing is sent from here, and a Redis that is away must not keep the reaper waiting."""

        @property
        def info(self) -> str:
            return ""

    return ReaperScheduler

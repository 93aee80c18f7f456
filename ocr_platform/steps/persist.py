"""Stage 4: staged pages are removed and the job gets its terminal state, in that order.

A job that has ended therefore has nothing staged, and a crash in between only repeats the removal. What cannot be
removed now is no reason to withhold a result that is there: the reaper removes it later.
"""

import logging

from ocr_platform.crash_points import CrashPoint, reach
from ocr_platform.errors import PlatformError
from ocr_platform.models import Job, JobState
from ocr_platform.ports import ObjectStore, OutputLedger
from ocr_platform.staging import staging_prefix

_log = logging.getLogger(__name__)


def persist(job: Job, store: ObjectStore, ledger: OutputLedger) -> JobState | None:
    """Clean up and end the job; None when somebody else ended it."""
    try:
        store.remove_all(staging_prefix(job.id))
    except PlatformError as exc:
        _log.warning("staged_left", extra={"code": exc.code})
    reach(CrashPoint.FINISHING)
    state = ledger.finish(job)
    reach(CrashPoint.FINISHED)
    return state

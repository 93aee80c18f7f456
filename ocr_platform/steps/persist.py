"""Stage 4: staged pages are removed and the job gets its terminal state, in that order.

A job that has ended therefore never has anything staged, and a crash in between only repeats the removal.
"""

from ocr_platform.models import Job, JobState
from ocr_platform.ports import ObjectStore, OutputLedger
from ocr_platform.staging import staging_prefix


def persist(job: Job, store: ObjectStore, ledger: OutputLedger) -> JobState | None:
    """Clean up and end the job; None when somebody else ended it."""
    store.remove_all(staging_prefix(job.id))
    return ledger.finish(job.id)

"""Staged objects that nobody will use: a worker that was cut off wrote them after its job had ended."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from ocr_platform.aws.s3 import S3Store
from ocr_platform.models import JobState
from ocr_platform.staging import RESULTS_ROOT, STAGING_ROOT

# An upload in parts is given up when its process died; nothing of ours takes longer.
_UPLOAD_AGE = timedelta(days=1)
# A job that the database does not know may be one that it does not know yet, after a restore.
_UNKNOWN_AGE = timedelta(days=1)


def remove_orphans(store: S3Store, states: Callable[[Sequence[UUID]], Mapping[UUID, JobState]]) -> int:
    """Remove what is staged for jobs that have ended, or that nobody has known for a day, and uploads given up."""
    removed = 0
    for prefixes in store.folders(STAGING_ROOT):
        owners = {prefix: _job_id(prefix) for prefix in prefixes}
        known = states([job_id for job_id in owners.values() if job_id is not None])
        for prefix, job_id in owners.items():
            state = known.get(job_id) if job_id else None
            if state is None:
                removed += store.remove_all(prefix, older_than=_UNKNOWN_AGE)
            elif state.terminal:
                removed += store.remove_all(prefix)
    return removed + sum(store.abort_uploads(root, _UPLOAD_AGE) for root in (STAGING_ROOT, RESULTS_ROOT))


def _job_id(prefix: str) -> UUID | None:
    try:
        return UUID(prefix.removeprefix(STAGING_ROOT).rstrip("/"))
    except ValueError:
        return None

"""What beat has done now and then: publish what was left unpublished, end what no worker will finish."""

import logging
from datetime import timedelta

from ocr_platform.db import queries
from ocr_platform.runtime import Runtime
from ocr_platform.workflow import publish

_log = logging.getLogger(__name__)
# Long enough for a submission that is just being published.
_OUTBOX_AGE = timedelta(seconds=10)
_BATCH = 500


def sweep(runtime: Runtime) -> None:
    """One bounded round. Raises a TransientError when a service does not answer; the next round goes on."""
    for outbox_id, job_id, stage in queries.unpublished(runtime.engine, _OUTBOX_AGE, _BATCH):
        publish(runtime.app, stage, job_id)
        queries.published(runtime.engine, outbox_id)
        _log.info("message_republished", extra={"job_id": str(job_id), "stage": stage})
    stalled = timedelta(seconds=runtime.settings.ocr_stalled_seconds)
    for job_id in queries.fail_stalled(runtime.engine, stalled):
        _log.error("job_failed", extra={"job_id": str(job_id), "code": "worker_lost"})

"""The base of the stage tasks: begin, do the step, hand over; every error ends in a retry or in a terminal state."""

import logging
from collections.abc import Callable
from uuid import UUID

from celery import Task
from celery.exceptions import SoftTimeLimitExceeded

from ocr_platform.errors import BrokerUnavailable, InternalError, PageTimeout, PlatformError, RetryPolicy
from ocr_platform.models import Job, Stage
from ocr_platform.monitoring.logging import job_context
from ocr_platform.runtime import Runtime
from ocr_platform.staging import staging_prefix
from ocr_platform.workflow import publish

Step = Callable[[Runtime, Job], Stage | None]

_log = logging.getLogger(__name__)
# Together half a minute: long enough for a restart of a service, short enough to keep no worker's queue waiting.
_RETRY_SECONDS = (1, 4, 10, 15)


class StageTask(Task):  # type: ignore[type-arg]
    """A task whose only argument is a job's id, and which returns None."""

    max_retries = len(_RETRY_SECONDS)
    default_retry_delay = 1  # Celery's own retry, after a worker process was lost; its default is three minutes
    typing = True

    def run_stage(self, runtime: Runtime, stage: Stage, job_id: str, step: Step) -> None:
        """Run `step` if the job is in `stage`; drop the message otherwise."""
        try:
            identifier = UUID(job_id)
        except (ValueError, TypeError, AttributeError):
            _log.warning("message_malformed", extra={"stage": stage})
            return
        with job_context(identifier, stage):
            try:
                self._run(runtime, stage, identifier, step)
            except PlatformError as exc:
                self._settle(runtime, stage, identifier, exc)
            except SoftTimeLimitExceeded:
                self._fail(runtime, stage, identifier, PageTimeout("The stage took longer than its time limit."))
            except Exception:  # noqa: BLE001  whatever happened, the job must get a terminal state
                _log.exception("stage_crashed")
                self._fail(runtime, stage, identifier, InternalError())

    def _run(self, runtime: Runtime, stage: Stage, job_id: UUID, step: Step) -> None:
        job = runtime.repository.begin(job_id, stage)
        if job is None:
            _log.info("message_dropped")
            return
        following = step(runtime, job)
        _log.info("stage_done", extra={"next": following})
        if following is not None:
            self._hand_over(runtime, following, job_id)

    def _hand_over(self, runtime: Runtime, following: Stage, job_id: UUID) -> None:
        """Wake the next stage up. The job has moved on already: what Redis does not take now, beat publishes later."""
        try:
            publish(runtime.app, following, job_id)
        except BrokerUnavailable:
            runtime.repository.postpone(job_id, following)
            _log.warning("message_postponed", extra={"next": following})

    def _settle(self, runtime: Runtime, stage: Stage, job_id: UUID, error: PlatformError) -> None:
        """Try again what may pass, fail what will not."""
        tried: int = self.request.retries
        if error.policy is RetryPolicy.TRANSIENT and tried < len(_RETRY_SECONDS):
            _log.warning("stage_retried", extra={"code": error.code, "tried": tried})
            raise self.retry(exc=error, countdown=_RETRY_SECONDS[tried])
        if error.policy is not RetryPolicy.DOCUMENT:
            _log.error("stage_failed", extra={"code": error.code}, exc_info=error)
        self._fail(runtime, stage, job_id, error)

    def _fail(self, runtime: Runtime, stage: Stage, job_id: UUID, error: PlatformError) -> None:
        """End the job, unless somebody else moved it; only then is what it staged nobody's any more."""
        if not runtime.repository.fail(job_id, stage, error.code, error.message):
            _log.info("failure_dropped", extra={"code": error.code})
            return
        _log.warning("job_failed", extra={"code": error.code})
        try:
            runtime.store.remove_all(staging_prefix(job_id))
        except PlatformError as exc:
            _log.warning("staged_left", extra={"code": exc.code})

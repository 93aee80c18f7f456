"""The base of the tasks: claim, do the step, hand over; every error ends in a later attempt or in a terminal state.

What cannot be written down, because Postgres does not answer or the process dies, is left as it is: the lease ends, and
the reaper wakes the next worker.
"""

import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

from celery import Task
from celery.exceptions import Ignore, Reject, Retry, SoftTimeLimitExceeded

from ocr_platform.crash_points import CrashPoint, reach
from ocr_platform.errors import (
    BrokerUnavailable,
    ClaimLost,
    DatabaseUnavailable,
    InternalError,
    KeyUnusable,
    PageTimeout,
    PlatformError,
    RetryPolicy,
)
from ocr_platform.models import HandOver, Job, Stage
from ocr_platform.monitoring.logging import job_context
from ocr_platform.worker.breaker import INSTALLATION
from ocr_platform.worker.cleaning import remove_objects
from ocr_platform.worker.heart import Pulse
from ocr_platform.worker.services import WorkerRuntime
from ocr_platform.workflow import PROTOCOL_HEADER, PROTOCOL_VERSION, WAKE_HEADER, publish, publish_helpers

Claim = Callable[[UUID], Job | None]
Step = Callable[[WorkerRuntime, Job, Pulse], HandOver | None]

_log = logging.getLogger(__name__)
_MAX_BACKOFF_SECONDS = 600.0
_RETURN_SECONDS = 1.0
_MAX_FENCE = 2**63  # a Postgres bigint


class StageTask(Task):  # type: ignore[type-arg]
    """A task whose only argument is a job's id, and which returns None."""

    # Celery's own retry, after a worker process was lost. It is a wake-up like any other: the claim says who works.
    max_retries = 3
    default_retry_delay = 1
    typing = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run; an error that nobody expected leaves as one that says nothing.

        Celery sends a task's error with all its text through Redis to whoever hears events: Flower shows it.
        """
        try:
            return super().__call__(*args, **kwargs)
        except (Ignore, Retry, SoftTimeLimitExceeded):
            raise
        except Reject as exc:
            raise exc from None  # its cause may quote a server, and Celery logs it with all causes
        except Exception:  # noqa: BLE001  raised again, without what it says
            _log.exception("task_crashed")
        raise InternalError

    def run_stage(self, runtime: WorkerRuntime, stage: Stage, job_id: str, claim: Claim, step: Step) -> None:
        """Run `step` if the job is to be had; drop the message otherwise."""
        reach(CrashPoint.MESSAGE_TAKEN)
        try:
            identifier = UUID(job_id)
        except (ValueError, TypeError, AttributeError):
            _log.warning("message_malformed", extra={"stage": stage})
            return
        if runtime.shutdown.begun:
            raise Reject(requeue=True)  # for a worker that stays
        with job_context(identifier, stage):
            if self._is_newer():
                _log.info("message_newer")
                return
            if not runtime.breaker.admits():
                raise Reject(requeue=True)  # it stays where it is: nothing that could be done with it now would succeed
            try:
                _work(runtime, identifier, claim, step)
            except (PlatformError, SoftTimeLimitExceeded) as exc:
                # The end of a claim could not be written down.
                _log.warning("claim_left", extra={"code": getattr(exc, "code", "interrupted")})
        reach(CrashPoint.TASK_DONE)

    @property
    def wake(self) -> int | None:
        """The job's fence when this message was sent, if it says so."""
        wake = (self.request.headers or {}).get(WAKE_HEADER)
        return wake if type(wake) is int and 0 <= wake < _MAX_FENCE else None  # a bool is an int, too

    def _is_newer(self) -> bool:
        """True for a message that a newer version sent: it may mean more than this version knows."""
        version = (self.request.headers or {}).get(PROTOCOL_HEADER, PROTOCOL_VERSION)
        return not isinstance(version, int) or version > PROTOCOL_VERSION


def _claimed(claim: Claim, job_id: UUID) -> Job | None:
    """The job, if it is to be had. Without Postgres the message goes back, slowly: it is as good as before."""
    try:
        return claim(job_id)
    except DatabaseUnavailable as exc:
        _log.warning("message_returned", extra={"code": exc.code})
        time.sleep(_RETURN_SECONDS)
        raise Reject(requeue=True) from exc


def _work(runtime: WorkerRuntime, job_id: UUID, claim: Claim, step: Step) -> None:
    job = _claimed(claim, job_id)
    if job is None:
        _log.info("message_dropped")
        return
    reach(CrashPoint.CLAIMED)
    with runtime.heart.beating(job) as pulse:
        following = _outcome(runtime, job, pulse, step)
    if following is not None:
        reach(CrashPoint.MOVED)
        _hand_over(runtime, job_id, following)


def _outcome(runtime: WorkerRuntime, job: Job, pulse: Pulse, step: Step) -> HandOver | None:
    """Whose message is to be published after the step, or after what went wrong in it."""
    try:
        following = step(runtime, job, pulse)
    except ClaimLost:
        _log.warning("claim_lost")
    except INSTALLATION as exc:
        _hold(runtime, job, exc)
    except PlatformError as exc:
        _settle(runtime, job, exc, again=exc.policy is RetryPolicy.TRANSIENT)
    except SoftTimeLimitExceeded:
        if pulse.interrupted:
            return _handed_back(runtime, job)
        # Pages have time limits of their own: whatever it was that took so long, it may have been a server.
        _settle(runtime, job, PageTimeout("The stage took longer than its time limit."), again=True)
    except Exception:  # noqa: BLE001  whatever happened, the job must get a terminal state
        _log.exception("stage_crashed")
        _fail(runtime, job, InternalError())
    else:
        _log.info("stage_done", extra={"next": following.stage if following else None})
        return following
    return None


def _handed_back(runtime: WorkerRuntime, job: Job) -> HandOver | None:
    """Give back what a shutdown interrupted; it costs no attempt."""
    _log.info("stage_interrupted")
    return job.hand_over(job.stage) if runtime.repository.hand_back(job) else None


def _hold(runtime: WorkerRuntime, job: Job, error: PlatformError) -> None:
    """Let a job wait for the end of a fault that is not its own; that costs it nothing.

    A key that this document alone is under may be off for days, and the document waits as long. Anything else that
    meets this document a second time, while the installation is well, counts as the document's own.
    """
    everybodys = runtime.breaker.meets(error)
    own_key = not everybodys and isinstance(error, KeyUnusable)
    if not everybodys and not own_key and job.held_code is not None:
        _settle(runtime, job, error, again=True)
        return
    wait = runtime.breaker.own_fault_seconds if own_key else runtime.breaker.wait_seconds
    if runtime.repository.hold(job, error.code, wait):
        _log.warning("stage_held", extra={"code": error.code, "everybodys": everybodys})


def _settle(runtime: WorkerRuntime, job: Job, error: PlatformError, *, again: bool) -> None:
    """Try again what may pass, fail what will not."""
    if again and job.fence is not None:
        wait = partial(backoff_seconds, base=runtime.settings.ocr_backoff_seconds)
        if runtime.repository.retry_later(job, wait):
            _log.warning("stage_retried", extra={"code": error.code})
            return
    if error.policy is not RetryPolicy.DOCUMENT:
        _log.error("stage_failed", extra={"code": error.code}, exc_info=error)
    _fail(runtime, job, error)


def _fail(runtime: WorkerRuntime, job: Job, error: PlatformError) -> None:
    """End the job, unless somebody else has it now; only then is what it stored nobody's any more."""
    if job.fence is None:
        # A helper only gives its pages back: what is wrong with the job, its own worker meets too.
        _log.warning("help_ended", extra={"code": error.code})
        runtime.repository.hand_back(job)
        return
    if not runtime.repository.fail(job, error.code, error.message):
        _log.info("failure_dropped", extra={"code": error.code})
        return
    _log.warning("job_failed", extra={"code": error.code})
    try:
        remove_objects(runtime.store, job.tenant, job.id)
    except PlatformError as exc:
        _log.warning("objects_left", extra={"code": exc.code})  # the reaper looks again


def _hand_over(runtime: WorkerRuntime, job_id: UUID, following: HandOver) -> None:
    """Wake the next worker up. The job has moved on already: what Redis does not take now, the reaper publishes."""
    try:
        publish(runtime.app, following.stage, job_id, following.wake)
    except BrokerUnavailable:
        runtime.repository.postpone(job_id, following.stage)
        _log.warning("message_postponed", extra={"next": following.stage})
        return
    with suppress(BrokerUnavailable):  # helpers are an offer
        publish_helpers(runtime.app, job_id, following.helpers, runtime.settings.ocr_time_slice_seconds)


def backoff_seconds(attempts: int, base: float) -> float:
    """Seconds until the next attempt: base times 4 to the attempts, bounded, and jittered so that jobs spread."""
    return random.uniform(0.5, 1.0) * min(_MAX_BACKOFF_SECONDS, base * 4.0 ** (attempts - 1))  # noqa: S311

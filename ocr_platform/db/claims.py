"""Claims: who may work on a job, until when, and how a claim ends.

A claim is committed before the work. It counts an attempt, draws a number from the job's fence and holds until its
lease ends by the database's clock; every later write names the number. Whoever comes with an older one hits no row.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Engine, Update, delete, func, insert, select, text, update

from ocr_platform.db.engine import statement
from ocr_platform.db.rows import job_of
from ocr_platform.db.tables import JobRow, OutboxRow, OutputRow, PageRow, PageTextRow, TextKeyRow
from ocr_platform.errors import ClaimLost
from ocr_platform.models import Job, JobState, Stage
from ocr_platform.workflow import PROTOCOL_VERSION

OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)

# Text, as every statement of a job's usual way: to build it of SQLAlchemy's parts anew costs more than to execute it.
_CLAIM = text("""
    UPDATE jobs
    SET state = 'running', attempts = attempts + 1, claims = claims + 1, fence = fence + 1,
        in_turn = coalesce(fence = CAST(:wake AS bigint), false), lease_until = clock_timestamp() + :lease,
        started_at = coalesce(started_at, now()), updated_at = now()
    WHERE id = :job_id AND stage = :stage AND state IN ('queued', 'running')
      AND (lease_until IS NULL OR lease_until < now()) AND next_attempt_at <= now()
      AND attempts < :max_attempts AND claims < :max_claims + coalesce(page_count, 0) AND protocol <= :protocol
    RETURNING *, (
        SELECT sum(seconds) FROM pages WHERE pages.job_id = jobs.id AND jobs.stage = 'ocr' AND pages.state <> 'pending'
    ) AS seconds_spent
""")

_ASSIST = text("""
    SELECT *, (SELECT sum(seconds) FROM pages WHERE pages.job_id = jobs.id) AS seconds_spent
    FROM jobs
    WHERE id = :job_id AND stage = 'ocr' AND state IN ('queued', 'running') AND pages_left > 0 AND protocol <= :protocol
""")


@dataclass(frozen=True, slots=True)
class ClaimTerms:
    """How long a claim holds, how often a stage may be claimed without progress, and a job in all.

    `max_claims` comes on top of one claim a page: it ends what is interrupted for ever, never what makes progress.
    """

    lease: timedelta = timedelta(seconds=60)
    max_attempts: int = 6
    max_claims: int = 200


def open_in(job_id: UUID, stage: Stage) -> tuple[ColumnElement[bool], ...]:
    """The job, while it is not done and in `stage`."""
    return (JobRow.id == job_id, JobRow.stage == stage, JobRow.state.in_(OPEN_STATES))


def held(job: Job) -> Update:
    """An UPDATE that meets the job only while this claim is the newest one, and the job in the claim's stage."""
    return update(JobRow).where(*open_in(job.id, job.stage), JobRow.fence == job.fence).values(updated_at=func.now())


@dataclass(frozen=True, slots=True)
class ClaimLog:
    """Implements `ports.ClaimLog` on Postgres; one statement a method."""

    engine: Engine
    terms: ClaimTerms

    def claim(self, job_id: UUID, stage: Stage, wake: int | None = None) -> Job | None:
        """Take the job; None when it is not to be had: other stage, live lease, not due, spent, newer protocol.

        `wake` is the fence that the message was sent at, if it says so: older messages than the newest may come too.
        """
        values = {"job_id": job_id, "stage": stage, "wake": wake, "protocol": PROTOCOL_VERSION, **asdict(self.terms)}
        with statement(self.engine) as connection:
            row = connection.execute(_CLAIM, values).one_or_none()
        return job_of(row, row.fence, uuid4()) if row else None

    def assist(self, job_id: UUID) -> Job | None:
        """The job for a helper, who claims pages and not the job; None when there is nothing to help with."""
        with statement(self.engine) as connection:
            row = connection.execute(_ASSIST, {"job_id": job_id, "protocol": PROTOCOL_VERSION}).one_or_none()
        return job_of(row, None, uuid4()) if row else None

    def renew(self, job: Job) -> None:
        """Make the lease whole again, the job's and its pages'. Raises ClaimLost."""
        until = func.clock_timestamp() + self.terms.lease
        with statement(self.engine) as connection:
            if job.fence is not None and not connection.execute(held(job).values(lease_until=until)).rowcount:
                raise ClaimLost
            if job.stage is Stage.OCR:
                connection.execute(_pages_of(job).values(lease_until=until))

    def hand_back(self, job: Job, wait_seconds: float | None = None) -> bool:
        """End a claim in good order: the attempt is given back. False when the claim was lost, and for helpers.

        The caller wakes the next worker, or, with `wait_seconds`, the reaper does after that time.
        """
        return self._end(job, wait_seconds, {"attempts": JobRow.attempts - 1})

    def hold(self, job: Job, code: str, wait_seconds: float) -> bool:
        """End a claim that met a fault of the installation: it counts neither as attempt nor as claim.

        False when the claim was lost, and for helpers.
        """
        given_back = {"attempts": JobRow.attempts - 1, "claims": JobRow.claims - 1, "held_code": code}
        return self._end(job, wait_seconds, given_back)

    def retry_later(self, job: Job, wait: Callable[[int], float]) -> bool:
        """End a claim that failed: the attempt counts, and the reaper wakes a worker after `wait(attempts)` seconds.

        False when it was the last attempt, or when the claim was lost.
        """
        with statement(self.engine) as connection:
            _release_pages(connection, job)
            # The row's count, not the claim's: a checkpoint may have set it back meanwhile.
            counted = select(JobRow.attempts).where(*open_in(job.id, job.stage), JobRow.fence == job.fence)
            attempts = connection.scalar(counted)
            if attempts is None or attempts >= self.terms.max_attempts:
                return False
            ended = held(job).values(fence=JobRow.fence + 1, lease_until=None, **_woken(wait(attempts)))
            return connection.execute(ended).rowcount == 1

    def fail(self, job: Job, code: str, message: str) -> bool:
        """End the job as failed; what it had delivered counts no more."""
        ended = held(job).values(
            state=JobState.FAILED,
            held_code=None,
            error_code=code,
            error_message=message,
            lease_until=None,
            finished_at=func.now(),
        )
        failed = ended.returning(JobRow.id).cte("failed")
        counted = select(func.count()).select_from(failed)
        for table in (OutputRow, TextKeyRow, PageTextRow):
            counted = counted.add_cte(delete(table).where(table.job_id == failed.c.id).cte(f"no_{table.__tablename__}"))
        with statement(self.engine) as connection:
            return connection.scalar(counted) == 1

    def _end(self, job: Job, wait_seconds: float | None, given_back: Mapping[str, Any]) -> bool:
        with statement(self.engine) as connection:
            _release_pages(connection, job)
            if job.fence is None:
                return False
            ended = held(job).values(fence=JobRow.fence + 1, lease_until=None, **given_back, **_woken(wait_seconds))
            return connection.execute(ended).rowcount == 1

    def postpone(self, job_id: UUID, stage: Stage) -> None:
        """Keep a message that could not be published, for the reaper to publish later."""
        with statement(self.engine) as connection:
            connection.execute(insert(OutboxRow).values(job_id=job_id, stage=stage))


def _pages_of(job: Job) -> Update:
    """An UPDATE of the pages that this claim holds and has not finished."""
    return update(PageRow).where(PageRow.job_id == job.id, PageRow.holder == job.holder, PageRow.state == "pending")


def _release_pages(connection: Connection, job: Job) -> None:
    if job.stage is Stage.OCR:
        connection.execute(_pages_of(job).values(holder=None, lease_until=None))


def _woken(wait_seconds: float | None) -> dict[str, Any]:
    if wait_seconds is None:
        return {"next_attempt_at": func.now(), "woken_at": func.now()}
    return {"next_attempt_at": func.now() + timedelta(seconds=wait_seconds), "woken_at": None}

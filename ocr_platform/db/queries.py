"""What applications ask and store, and what the sweep mends. Kept apart from what the stages may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from ocr_platform.db.engine import transaction
from ocr_platform.db.repository import OPEN_STATES
from ocr_platform.db.rows import output_of
from ocr_platform.db.tables import JobRow, OutboxRow, OutputRow, PageRow
from ocr_platform.errors import TokenConflict, WorkerLost
from ocr_platform.models import Fault, JobOptions, JobState, JobStatus, SourceRef, Stage


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a submission stores."""

    tenant: str
    source: SourceRef
    source_size: int
    options: JobOptions
    client_token: str | None = None


def submit(engine: Engine, new: NewJob) -> tuple[UUID, int | None]:
    """Store a job and its first message in one transaction; return the job's id and the outbox row's.

    A known client token gives the earlier job and no message. Raises TokenConflict when it was for another request.
    """
    values = {
        "tenant": new.tenant,
        "client_token": new.client_token,
        "source_bucket": new.source.bucket,
        "source_key": new.source.key,
        "source_version_id": new.source.version_id,
        "source_size": new.source_size,
        "options": new.options.as_dict(),
    }
    statement = (
        upsert(JobRow)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["tenant", "client_token"])
        .returning(JobRow.id)
    )
    with transaction(engine) as connection:
        job_id = connection.scalar(statement)
        if job_id is None:
            return _earlier(connection, new), None
        message = insert(OutboxRow).values(job_id=job_id, stage=Stage.FETCH_DECRYPT).returning(OutboxRow.id)
        return job_id, connection.scalar(message)


def _earlier(connection: Connection, new: NewJob) -> UUID:
    row = connection.execute(
        select(JobRow).where(JobRow.tenant == new.tenant, JobRow.client_token == new.client_token)
    ).one()
    source = SourceRef(row.source_bucket, row.source_key, row.source_version_id)
    if source != new.source or row.options != new.options.as_dict():
        raise TokenConflict
    return UUID(str(row.id))


def published(engine: Engine, outbox_id: int) -> None:
    """Forget a message that Redis has."""
    with transaction(engine) as connection:
        connection.execute(delete(OutboxRow).where(OutboxRow.id == outbox_id))


def unpublished(engine: Engine, older_than: timedelta, limit: int) -> list[tuple[int, UUID, Stage]]:
    """Messages that nobody published in time, oldest first."""
    statement = (
        select(OutboxRow.id, OutboxRow.job_id, OutboxRow.stage)
        .where(OutboxRow.created_at < func.now() - older_than)
        .order_by(OutboxRow.id)
        .limit(limit)
    )
    with transaction(engine) as connection:
        return [(row.id, row.job_id, Stage(row.stage)) for row in connection.execute(statement)]


def fail_stalled(engine: Engine, older_than: timedelta) -> list[UUID]:
    """End jobs as `worker_lost` that have made no progress for `older_than`; return their ids."""
    statement = (
        update(JobRow)
        .where(JobRow.state == JobState.RUNNING, JobRow.updated_at < func.now() - older_than)
        .values(
            state=JobState.FAILED,
            error_code=WorkerLost.code,
            error_message=WorkerLost.default_message,
            updated_at=func.now(),
            finished_at=func.now(),
        )
        .returning(JobRow.id)
    )
    with transaction(engine) as connection:
        return list(connection.scalars(statement))


def statuses(engine: Engine, job_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
    """The status of each job that exists, in four statements however many there are."""
    page_counts = (
        select(PageRow.job_id, func.count().label("done"))
        .where(PageRow.job_id.in_(job_ids), PageRow.state != "pending")
        .group_by(PageRow.job_id)
    )
    failed_pages = (
        select(PageRow.job_id, PageRow.number, PageRow.error_code)
        .where(PageRow.job_id.in_(job_ids), PageRow.state == "failed")
        .order_by(PageRow.number)
    )
    delivered = select(*OutputRow.__table__.columns).where(OutputRow.job_id.in_(job_ids)).order_by(OutputRow.format)
    with transaction(engine) as connection:
        jobs = connection.execute(select(*JobRow.__table__.columns).where(JobRow.id.in_(job_ids))).all()
        done = {row.job_id: row.done for row in connection.execute(page_counts)}
        failed: dict[UUID, dict[int, str]] = {}
        for row in connection.execute(failed_pages):
            failed.setdefault(row.job_id, {})[row.number] = row.error_code
        outputs: dict[UUID, list[Row[Any]]] = {}
        for output in connection.execute(delivered):
            outputs.setdefault(output.job_id, []).append(output)
    return {job.id: _status(job, done.get(job.id, 0), failed.get(job.id, {}), outputs.get(job.id, [])) for job in jobs}


def _status(job: Row[Any], done: int, failed: dict[int, str], outputs: list[Row[Any]]) -> JobStatus:
    state = JobState(job.state)
    return JobStatus(
        job_id=job.id,
        tenant=job.tenant,
        state=state,
        stage=Stage(job.stage) if state in OPEN_STATES else None,
        error=Fault(job.error_code, job.error_message or "") if job.error_code else None,
        pages=job.page_count,
        pages_done=done,
        pages_failed=failed,
        confidence=job.confidence,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        # Outputs are shown once the job has ended: before, they are not promised.
        outputs=tuple(map(output_of, outputs)) if state.terminal else (),
    )

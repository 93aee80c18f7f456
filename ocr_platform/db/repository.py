"""The repository that the stages use: every move of a job is one conditional UPDATE."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Update, bindparam, case, func, insert, select, update

from ocr_platform.db.engine import transaction
from ocr_platform.db.rows import PAGE_FIGURES, job_of, output_values, page_values
from ocr_platform.db.tables import JobRow, OutboxRow, OutputRow, PageRow
from ocr_platform.errors import DocumentDamaged, PageDamaged, classes_by_code
from ocr_platform.models import (
    DocumentFormat,
    Job,
    JobState,
    Output,
    PageResult,
    Stage,
    StoredObject,
)

OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)


def guarded(job_id: UUID, stage: Stage) -> Update:
    """An UPDATE that meets the job only while it is open and in `stage`."""
    return (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.stage == stage, JobRow.state.in_(OPEN_STATES))
        .values(updated_at=func.now())
    )


def move(connection: Connection, job_id: UUID, at: Stage, /, **values: Any) -> bool:
    """Change a job that is still open and in stage `at`; True for the one caller who did."""
    return connection.execute(guarded(job_id, at).values(**values)).rowcount == 1


@dataclass(frozen=True, slots=True)
class JobRepository:
    """Implements `ports.Repository` on Postgres; one short transaction a method."""

    engine: Engine

    def begin(self, job_id: UUID, stage: Stage) -> Job | None:
        """Mark the job as running and read it; None when it is not in this stage."""
        started = func.coalesce(JobRow.started_at, func.now())
        statement = (
            guarded(job_id, stage)
            .values(state=JobState.RUNNING, started_at=started)
            .returning(*JobRow.__table__.columns)
        )
        with transaction(self.engine) as connection:
            row = connection.execute(statement).one_or_none()
        return job_of(row) if row else None

    def fail(self, job_id: UUID, stage: Stage, code: str, message: str) -> bool:
        """End the job as failed."""
        with transaction(self.engine) as connection:
            return move(connection, job_id, stage, **_terminal(JobState.FAILED, code, message))

    def postpone(self, job_id: UUID, stage: Stage) -> None:
        """Keep a message that could not be published, for beat to publish later."""
        with transaction(self.engine) as connection:
            connection.execute(insert(OutboxRow).values(job_id=job_id, stage=stage))

    def record_plan(self, job_id: UUID, sha256: str, format: DocumentFormat, pages: int) -> bool:
        """Store the plan, a row a page, and move the job on to `ocr`."""
        with transaction(self.engine) as connection:
            moved = move(
                connection,
                job_id,
                Stage.FETCH_DECRYPT,
                stage=Stage.OCR,
                source_sha256=sha256,
                source_format=format,
                page_count=pages,
            )
            if moved:
                numbers = select(bindparam("of_job", job_id), func.generate_series(1, pages))
                connection.execute(insert(PageRow).from_select(["job_id", "number"], numbers))
            return moved

    def unfinished(self, job_id: UUID, limit: int) -> list[int]:
        """Numbers of pending pages, in order."""
        statement = (
            select(PageRow.number)
            .where(PageRow.job_id == job_id, PageRow.state == "pending")
            .order_by(PageRow.number)
            .limit(limit)
        )
        with transaction(self.engine) as connection:
            return list(connection.scalars(statement))

    def checkpoint(self, job_id: UUID, results: Sequence[PageResult], staged: StoredObject) -> int:
        """Record pages that are still pending; a page that somebody else finished stays as it is."""
        statement = (
            update(PageRow)
            .where(
                PageRow.job_id == bindparam("of_job"),
                PageRow.number == bindparam("of_number"),
                PageRow.state == "pending",
            )
            .values({name: bindparam(name) for name in PAGE_FIGURES})
        )
        touched = update(JobRow).where(JobRow.id == job_id).values(updated_at=func.now())
        with transaction(self.engine) as connection:
            done = connection.execute(statement, [page_values(job_id, page, staged) for page in results])
            connection.execute(touched)
            return done.rowcount

    def complete(self, job_id: UUID) -> bool:
        """Move the job on to `encrypt_upload` unless a page is pending."""
        pending = select(PageRow.number).where(PageRow.job_id == job_id, PageRow.state == "pending")
        statement = guarded(job_id, Stage.OCR).where(~pending.exists()).values(stage=Stage.ENCRYPT_UPLOAD)
        with transaction(self.engine) as connection:
            return connection.execute(statement).rowcount == 1

    def staged(self, job_id: UUID) -> list[tuple[StoredObject, list[int]]]:
        """Staged objects, each with the pages that count in it."""
        statement = (
            select(PageRow.staged, func.array_agg(PageRow.number))
            .where(PageRow.job_id == job_id, PageRow.staged.is_not(None))
            .group_by(PageRow.staged)
        )
        with transaction(self.engine) as connection:
            rows = connection.execute(statement).all()
        return [(StoredObject(**staged), list(numbers)) for staged, numbers in rows]

    def record_outputs(self, job_id: UUID, outputs: Sequence[Output]) -> bool:
        """Store the outputs and move the job on to `persist`."""
        with transaction(self.engine) as connection:
            moved = move(connection, job_id, Stage.ENCRYPT_UPLOAD, stage=Stage.PERSIST)
            if moved and outputs:
                connection.execute(insert(OutputRow), output_values(job_id, outputs))
            return moved

    def finish(self, job_id: UUID) -> JobState | None:
        """Sum the pages up and end the job: succeeded, partial, or failed when no page is left."""
        with transaction(self.engine) as connection:
            state, code, confidence = _summary(connection, job_id)
            message = classes_by_code()[code].default_message if code else None
            values = _terminal(state, code, message) | {"confidence": confidence}
            return state if move(connection, job_id, Stage.PERSIST, **values) else None


def _terminal(state: JobState, code: str | None, message: str | None) -> dict[str, Any]:
    return {"state": state, "error_code": code, "error_message": message, "finished_at": func.now()}


def _summary(connection: Connection, job_id: UUID) -> tuple[JobState, str | None, float | None]:
    """State, error code and confidence (0-100, weighted by letters) that a job's pages add up to."""
    failed = func.count().filter(PageRow.state == "failed")
    letters = func.coalesce(func.sum(PageRow.letters), 0)
    weighted = func.sum(PageRow.confidence * PageRow.letters)
    # Pages that are only damaged say least: any other code goes first.
    damaged, other = PageRow.error_code == PageDamaged.code, PageRow.error_code != PageDamaged.code
    error = func.coalesce(
        func.min(PageRow.error_code).filter(other), case((func.bool_or(damaged), DocumentDamaged.code))
    )
    statement = select(
        func.count(), failed, error, case((letters > 0, weighted / func.nullif(letters, 0)), else_=0.0)
    ).where(PageRow.job_id == job_id)
    pages, lost, code, confidence = connection.execute(statement).one()
    if lost == 0:
        return JobState.SUCCEEDED, None, confidence
    if lost < pages:
        return JobState.PARTIAL, None, confidence
    return JobState.FAILED, code, None

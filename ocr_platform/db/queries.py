"""What applications ask. Kept apart from what the stages may do."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, Select, exists, select

from ocr_platform.db.claims import OPEN_STATES
from ocr_platform.db.engine import statement
from ocr_platform.db.rows import output_of
from ocr_platform.db.tables import JobRow, OutputRow, PageRow, PageTextRow, TextKeyRow
from ocr_platform.errors import classes_by_code
from ocr_platform.models import Fault, JobState, JobStatus, SourceFacts, Stage, StoredText

_DELIVERED = (JobState.SUCCEEDED, JobState.PARTIAL)


def statuses(engine: Engine, job_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
    """The status of each job that exists, in three statements however many there are."""
    failed_pages = (
        select(PageRow.job_id, PageRow.number, PageRow.error_code)
        .where(PageRow.job_id.in_(job_ids), PageRow.state == "failed")
        .order_by(PageRow.number)
    )
    delivered = select(*OutputRow.__table__.columns).where(OutputRow.job_id.in_(job_ids)).order_by(OutputRow.format)
    # A key that somebody deleted leaves texts behind that nobody can open.
    texts = exists().where(PageTextRow.job_id == JobRow.id).label("has_texts")
    asked: Select[Any] = (
        select(*JobRow.__table__.columns, TextKeyRow.kms_key_id.label("text_kms_key_id"), texts)
        .join_from(JobRow, TextKeyRow, isouter=True)
        .where(JobRow.id.in_(job_ids))
    )
    with statement(engine) as connection:
        jobs = connection.execute(asked).all()
        failed: dict[UUID, dict[int, str]] = {}
        for row in connection.execute(failed_pages):
            failed.setdefault(row.job_id, {})[row.number] = row.error_code
        outputs: dict[UUID, list[Row[Any]]] = {}
        for output in connection.execute(delivered):
            outputs.setdefault(output.job_id, []).append(output)
    return {job.id: _status(job, failed.get(job.id, {}), outputs.get(job.id, [])) for job in jobs}


def _status(job: Row[Any], failed: dict[int, str], outputs: list[Row[Any]]) -> JobStatus:
    state = JobState(job.state)
    return JobStatus(
        job_id=job.id,
        tenant=job.tenant,
        state=state,
        stage=Stage(job.stage) if state in OPEN_STATES else None,
        error=_fault(job),
        pages=job.page_count,
        pages_done=(job.page_count or 0) - (job.pages_left or 0),
        pages_failed=failed,
        attempts=job.attempts,
        held_code=job.held_code if state in OPEN_STATES else None,
        confidence=job.confidence,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        source=SourceFacts(**job.source_facts) if job.source_facts else None,
        source_sha256=job.source_sha256,
        stored_text=_stored_text(job) if state in _DELIVERED else StoredText.NONE,
        text_kms_key_id=job.text_kms_key_id if state in _DELIVERED else None,
        # Outputs are shown once the job has ended: before, they are not promised.
        outputs=tuple(map(output_of, outputs)) if state in _DELIVERED else (),
    )


def _stored_text(job: Row[Any]) -> StoredText:
    if job.text_kms_key_id is not None:
        return StoredText.SEALED
    return StoredText.ERASED if job.text_erased_at or job.has_texts else StoredText.NONE


def _fault(job: Row[Any]) -> Fault | None:
    if job.error_code is None:
        return None
    kind = classes_by_code().get(job.error_code)
    return Fault(job.error_code, job.error_message or (kind.default_message if kind else ""))

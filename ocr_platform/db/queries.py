"""What applications ask. Kept apart from what the stages may do."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, Select, and_, case, exists, func, or_, select

from ocr_platform.db.claims import OPEN_STATES
from ocr_platform.db.engine import statement
from ocr_platform.db.rows import output_of
from ocr_platform.db.tables import JobRow, OutputRow, PageRow, PageTextRow, TextKeyRow
from ocr_platform.errors import classes_by_code
from ocr_platform.models import (
    Fault,
    JobState,
    JobStatus,
    PageFigures,
    SourceFacts,
    Stage,
    StoredText,
    worst_first,
)
from ocr_platform.models.review import DISPUTED_SHARE, LOW_CONFIDENCE, MOST_REVIEWS

_DELIVERED = (JobState.SUCCEEDED, JobState.PARTIAL)

_FAILED = PageRow.state == "failed"
_SUSPICIOUS = and_(
    PageRow.state == "done",
    or_(
        and_(PageRow.letters == 0, PageRow.blank.is_(False)),
        and_(PageRow.letters > 0, or_(PageRow.confidence < LOW_CONFIDENCE, PageRow.disputed > DISPUTED_SHARE)),
    ),
)


def statuses(engine: Engine, job_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
    """The status of each job that exists, in three statements however many there are."""
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
        noted: dict[UUID, list[PageFigures]] = {}
        for row in connection.execute(_noted_pages(job_ids)):
            noted.setdefault(row.job_id, []).append(PageFigures(*row[1:]))
        outputs: dict[UUID, list[Row[Any]]] = {}
        for output in connection.execute(delivered):
            outputs.setdefault(output.job_id, []).append(output)
    return {job.id: _status(job, noted.get(job.id, []), outputs.get(job.id, [])) for job in jobs}


def _noted_pages(job_ids: Sequence[UUID]) -> Select[Any]:
    """All pages that failed, and of those that are worth a look the worst of each job, by number."""
    order = (case((PageRow.letters > 0, PageRow.confidence), else_=-1.0), PageRow.number)
    figures = select(
        PageRow.job_id,
        PageRow.number,
        PageRow.error_code,
        PageRow.letters,
        PageRow.confidence,
        PageRow.blank,
        PageRow.disputed,
        func.row_number().over(partition_by=PageRow.job_id, order_by=order).label("place"),
    )
    worst = figures.where(PageRow.job_id.in_(job_ids), or_(_FAILED, _SUSPICIOUS)).subquery()
    columns = [column for column in worst.c if column.name != "place"]
    wanted = or_(worst.c.error_code.is_not(None), worst.c.place <= MOST_REVIEWS)
    return select(*columns).where(wanted).order_by(worst.c.job_id, worst.c.number)


def _status(job: Row[Any], noted: list[PageFigures], outputs: list[Row[Any]]) -> JobStatus:
    state = JobState(job.state)
    return JobStatus(
        job_id=job.id,
        tenant=job.tenant,
        state=state,
        stage=Stage(job.stage) if state in OPEN_STATES else None,
        error=_fault(job),
        pages=job.page_count,
        pages_done=(job.page_count or 0) - (job.pages_left or 0),
        pages_failed={page.number: page.error for page in noted if page.error is not None},
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
        review=worst_first(noted),
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

"""Jobs, pages and outputs in dicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from ocr_platform.errors import (
    DocumentDamaged,
    PageDamaged,
    classes_by_code,
)
from ocr_platform.models import (
    DocumentFormat,
    Fault,
    Job,
    JobOptions,
    JobState,
    JobStatus,
    Output,
    PageResult,
    SourceRef,
    Stage,
    StoredObject,
)
from ocr_platform.testing.faults import Faulty


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as the repository holds it; `pages` by number, None for one that is pending."""

    job: Job
    created_at: datetime
    state: JobState = JobState.QUEUED
    stage: Stage = Stage.FETCH_DECRYPT
    error: Fault | None = None
    pages: Mapping[int, tuple[PageResult, StoredObject] | None] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    confidence: float | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def finished_pages(self) -> list[PageResult]:
        """Results of the pages that are not pending, in order."""
        return [entry[0] for _, entry in sorted(self.pages.items()) if entry is not None]


class InMemoryRepository(Faulty):
    """Implements `ports.Repository` with the conditional moves of `db.repository`. Not for several threads."""

    def __init__(self) -> None:
        self.postponed: list[tuple[UUID, Stage]] = []
        super().__init__()
        self._records: dict[UUID, JobRecord] = {}

    def add(self, source: SourceRef, options: JobOptions | None = None, tenant: str = "default") -> UUID:
        """Submit a job and return its id."""
        job = Job(uuid4(), tenant, source, options or JobOptions())
        self._records[job.id] = JobRecord(job, created_at=datetime.now(UTC))
        return job.id

    def displace(self, job_id: UUID, *, state: JobState | None = None, stage: Stage | None = None) -> None:
        """Move a job past all rules, as another worker or an operator may have done in between."""
        record = self._records[job_id]
        self._records[job_id] = replace(record, state=state or record.state, stage=stage or record.stage)

    def job(self, job_id: UUID) -> Job:
        """A job as a stage sees it, whatever stage it is in."""
        return self._records[job_id].job

    def status(self, job_id: UUID) -> JobStatus:
        """A job as its submitter sees it."""
        record = self._records[job_id]
        done = record.finished_pages
        return JobStatus(
            job_id=job_id,
            tenant=record.job.tenant,
            state=record.state,
            stage=None if record.state.terminal else record.stage,
            error=record.error,
            pages=record.job.page_count,
            pages_done=len(done),
            pages_failed={page.number: page.error for page in done if page.error is not None},
            confidence=record.confidence,
            created_at=record.created_at,
            started_at=record.started_at,
            finished_at=record.finished_at,
            outputs=record.outputs if record.state.terminal else (),
        )

    def begin(self, job_id: UUID, stage: Stage) -> Job | None:
        """Mark the job as running; None when it is not in this stage."""
        self._meet("begin")
        record = self._at(job_id, stage)
        if record is None:
            return None
        started = record.started_at or datetime.now(UTC)
        self._records[job_id] = replace(record, state=JobState.RUNNING, started_at=started)
        return record.job

    def fail(self, job_id: UUID, stage: Stage, code: str, message: str) -> bool:
        """End the job as failed."""
        self._meet("fail")
        return self._end(self._at(job_id, stage), JobState.FAILED, Fault(code, message), None)

    def postpone(self, job_id: UUID, stage: Stage) -> None:
        """Keep a message for later."""
        self._meet("postpone")
        self.postponed.append((job_id, stage))

    def record_plan(self, job_id: UUID, sha256: str, format: DocumentFormat, pages: int) -> bool:
        """Store the plan and move the job on to `ocr`."""
        self._meet("record_plan")
        record = self._at(job_id, Stage.FETCH_DECRYPT)
        if record is None:
            return False
        job = replace(record.job, source_sha256=sha256, source_format=format, page_count=pages)
        planned = dict.fromkeys(range(1, pages + 1))
        self._records[job_id] = replace(record, job=job, stage=Stage.OCR, pages=planned)
        return True

    def unfinished(self, job_id: UUID, limit: int) -> list[int]:
        """Numbers of pending pages, in order."""
        self._meet("unfinished")
        return sorted(number for number, entry in self._records[job_id].pages.items() if entry is None)[:limit]

    def checkpoint(self, job_id: UUID, results: Sequence[PageResult], staged: StoredObject) -> int:
        """Record pages that are still pending; others stay as they are."""
        self._meet("checkpoint")
        record = self._records[job_id]
        new = {page.number: (page, staged) for page in results if record.pages.get(page.number, page) is None}
        self._records[job_id] = replace(record, pages={**record.pages, **new})
        return len(new)

    def complete(self, job_id: UUID) -> bool:
        """Move the job on to `encrypt_upload` unless a page is pending."""
        self._meet("complete")
        record = self._at(job_id, Stage.OCR)
        if record is None or None in record.pages.values():
            return False
        self._records[job_id] = replace(record, stage=Stage.ENCRYPT_UPLOAD)
        return True

    def staged(self, job_id: UUID) -> list[tuple[StoredObject, list[int]]]:
        """Staged objects, each with the pages that count in it."""
        self._meet("staged")
        found: dict[StoredObject, list[int]] = {}
        for number, entry in self._records[job_id].pages.items():
            if entry is not None:
                found.setdefault(entry[1], []).append(number)
        return list(found.items())

    def record_outputs(self, job_id: UUID, outputs: Sequence[Output]) -> bool:
        """Store the outputs and move the job on to `persist`."""
        self._meet("record_outputs")
        record = self._at(job_id, Stage.ENCRYPT_UPLOAD)
        if record is None:
            return False
        self._records[job_id] = replace(record, stage=Stage.PERSIST, outputs=tuple(outputs))
        return True

    def finish(self, job_id: UUID) -> JobState | None:
        """Sum the pages up and end the job."""
        self._meet("finish")
        record = self._at(job_id, Stage.PERSIST)
        if record is None:
            return None
        state, fault, confidence = _summary(record.finished_pages)
        return state if self._end(record, state, fault, confidence) else None

    def _at(self, job_id: UUID, stage: Stage) -> JobRecord | None:
        """The job while it is open and in `stage`."""
        record = self._records.get(job_id)
        return record if record and record.stage is stage and not record.state.terminal else None

    def _end(self, record: JobRecord | None, state: JobState, error: Fault | None, confidence: float | None) -> bool:
        if record is None:
            return False
        ended = replace(record, state=state, error=error, confidence=confidence, finished_at=datetime.now(UTC))
        self._records[record.job.id] = ended
        return True


def _summary(pages: Sequence[PageResult]) -> tuple[JobState, Fault | None, float | None]:
    """State, error and confidence that a job's pages add up to."""
    codes = sorted(page.error for page in pages if page.error is not None)
    letters = sum(page.letters for page in pages)
    confidence = sum(page.confidence * page.letters for page in pages) / letters if letters else 0.0
    if not codes:
        return JobState.SUCCEEDED, None, confidence
    if len(codes) < len(pages):
        return JobState.PARTIAL, None, confidence
    code = DocumentDamaged.code if codes[0] == PageDamaged.code else codes[0]
    return JobState.FAILED, Fault(code, classes_by_code()[code].default_message), None

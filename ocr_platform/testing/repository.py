"""Jobs, pages and outputs in dicts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from ocr_platform.errors import ClaimLost
from ocr_platform.models import (
    DocumentFormat,
    Fault,
    Job,
    JobOptions,
    JobState,
    JobStatus,
    Output,
    PageResult,
    Progress,
    SealedText,
    SourceFacts,
    SourceRef,
    Stage,
    StoredObject,
)
from ocr_platform.testing.faults import Faulty
from ocr_platform.testing.records import JobRecord, PageRecord, fault_of, summary


class InMemoryRepository(Faulty):
    """Implements `ports.Repository` with the conditional moves of `db`. Not for several threads.

    Time passes only by `expire`: a lease, and the waiting time of a job, hold until then.
    """

    def __init__(self, max_attempts: int = 6, max_claims: int = 200) -> None:
        super().__init__()
        self.postponed: list[tuple[UUID, Stage]] = []
        self._records: dict[UUID, JobRecord] = {}
        self._max_attempts = max_attempts
        self._max_claims = max_claims

    def add(self, source: SourceRef, options: JobOptions | None = None, tenant: str = "default") -> UUID:
        """Submit a job and return its id."""
        job = Job(uuid4(), tenant, source, options or JobOptions(), Stage.FETCH_DECRYPT, None, uuid4())
        self._records[job.id] = JobRecord(job, created_at=datetime.now(UTC))
        return job.id

    def displace(self, job_id: UUID, *, state: JobState | None = None, stage: Stage | None = None) -> None:
        """Move a job past all rules, as another worker or an operator may have done in between."""
        record = self._records[job_id]
        self._records[job_id] = replace(record, state=state or record.state, stage=stage or record.stage)

    def expire(self, job_id: UUID) -> None:
        """Let the job's lease and those of its pages end, and its waiting time, as if that much time had passed.

        Whoever had them may still write, or renew, until somebody else claims.
        """
        record = self._records[job_id]
        pages = {number: replace(page, leased=False) for number, page in record.pages.items()}
        self._records[job_id] = replace(record, leased=False, wait_seconds=None, pages=pages)

    def record(self, job_id: UUID) -> JobRecord:
        """All that is known of a job."""
        return self._records[job_id]

    def status(self, job_id: UUID) -> JobStatus:
        """A job as its submitter sees it."""
        return self._records[job_id].status

    def claim(self, job_id: UUID, stage: Stage, wake: int | None = None) -> Job | None:  # noqa: ARG002  no queue here
        """Take the job; None when it is not to be had."""
        self._meet("claim")
        record = self._at(job_id, stage)
        if record is None or record.leased or record.wait_seconds or self._spent(record):
            return None
        self._records[job_id] = claimed = replace(
            record,
            state=JobState.RUNNING,
            started_at=record.started_at or datetime.now(UTC),
            fence=record.fence + 1,
            attempts=record.attempts + 1,
            claims=record.claims + 1,
            leased=True,
        )
        return replace(
            record.job,
            stage=stage,
            fence=claimed.fence,
            attempts=claimed.attempts,
            held_code=record.held_code,
            holder=uuid4(),
            seconds_spent=record.seconds_spent,
        )

    def assist(self, job_id: UUID) -> Job | None:
        """The job for a helper; None when there is nothing to help with."""
        self._meet("assist")
        record = self._at(job_id, Stage.OCR)
        if record is None or not record.pages_left:
            return None
        return replace(
            record.job,
            stage=Stage.OCR,
            fence=None,
            attempts=record.attempts,
            holder=uuid4(),
            seconds_spent=record.seconds_spent,
        )

    def renew(self, job: Job) -> None:
        """Make the lease whole again, the job's and its pages'. Raises ClaimLost."""
        self._meet("renew")
        record = self._records[job.id]
        if job.fence is not None:
            held = self._held(job, job.stage)
            if held is None:
                raise ClaimLost
            record = replace(held, leased=True)
        self._records[job.id] = record.with_pages(record.held_pages(job.holder), job.holder)

    def hand_back(self, job: Job, wait_seconds: float | None = None) -> bool:
        """End a claim in good order."""
        self._meet("hand_back")
        return self._let_go(job, wait_seconds, refund=1)

    def hold(self, job: Job, code: str, wait_seconds: float) -> bool:
        """End a claim that met a fault of the installation; it counts neither as attempt nor as claim."""
        self._meet("hold")
        if not self._let_go(job, wait_seconds, refund=1):
            return False
        record = self._records[job.id]
        self._records[job.id] = replace(record, claims=record.claims - 1, held_code=code)
        return True

    def retry_later(self, job: Job, wait: Callable[[int], float]) -> bool:
        """End a claim that failed; False when no attempt is left, or the claim was lost."""
        self._meet("retry_later")
        self._free_pages(job)
        held = self._held(job, job.stage)
        if held is None or held.attempts >= self._max_attempts:
            return False
        return self._let_go(job, wait(held.attempts), refund=0)

    def fail(self, job: Job, code: str, message: str) -> bool:
        """End the job as failed."""
        self._meet("fail")
        record = self._held(job, job.stage)
        if record is None:
            return False
        self._end(replace(record, outputs=(), text=None), JobState.FAILED, Fault(code, message), None)
        return True

    def postpone(self, job_id: UUID, stage: Stage) -> None:
        """Keep a message for later."""
        self._meet("postpone")
        self.postponed.append((job_id, stage))

    def record_plan(self, job: Job, facts: SourceFacts, sha256: str, format: DocumentFormat, pages: int) -> bool:
        """Store the plan and move the job on to `ocr`."""
        self._meet("record_plan")
        record = self._held(job, Stage.FETCH_DECRYPT)
        if record is None:
            return False
        known = replace(record.job, source_sha256=sha256, source_format=format, page_count=pages)
        planned = replace(record, job=known, facts=facts, pages=dict.fromkeys(range(1, pages + 1), PageRecord()))
        self._records[job.id] = planned.moved_on(Stage.OCR)
        return True

    def claim_pages(self, job: Job, limit: int) -> list[int]:
        """Take pages that nobody holds, beside those that this claim holds."""
        self._meet("claim_pages")
        record = self._working(job)
        free = [number for number, page in sorted(record.pages.items()) if page.free_for(job.holder)][:limit]
        self._records[job.id] = record.with_pages(free, job.holder)
        return free

    def checkpoint(self, job: Job, results: Sequence[PageResult], staged: StoredObject) -> Progress:
        """Record pages that this claim holds; with the last one the job moves on."""
        self._meet("checkpoint")
        record = self._working(job)
        mine = record.held_pages(job.holder)
        new = {page.number: PageRecord(result=page, staged=staged) for page in results if page.number in mine}
        attempts = 1 if new and job.fence is not None else record.attempts
        held_code = None if new else record.held_code
        record = replace(record, pages={**record.pages, **new}, attempts=attempts, held_code=held_code)
        moved = record.pages_left == 0
        self._records[job.id] = record.moved_on(Stage.ENCRYPT_UPLOAD) if moved else record
        return Progress(len(new), record.pages_left, moved)

    def staged(self, job: Job) -> list[tuple[StoredObject, list[int]]]:
        """Staged objects, each with the pages that count in it."""
        self._meet("staged")
        found: dict[StoredObject, list[int]] = {}
        for number, page in self._records[job.id].pages.items():
            if page.staged is not None:
                found.setdefault(page.staged, []).append(number)
        return list(found.items())

    def record_text(self, job: Job, text: SealedText) -> bool:
        """Store sealed text; `record` shows it."""
        self._meet("record_text")
        record = self._held(job, Stage.ENCRYPT_UPLOAD)
        if record is None:
            return False
        self._records[job.id] = replace(record, text=text)
        return True

    def record_outputs(self, job: Job, outputs: Sequence[Output], error: str | None = None) -> bool:
        """Store the outputs, with the code of what one of them failed with, and move the job on to `persist`."""
        self._meet("record_outputs")
        record = self._held(job, Stage.ENCRYPT_UPLOAD)
        if record is None:
            return False
        fault = None if error is None else fault_of(error)
        self._records[job.id] = replace(record, outputs=tuple(outputs), error=fault).moved_on(Stage.PERSIST)
        return True

    def finish(self, job: Job) -> JobState | None:
        """Sum the pages up and end the job."""
        self._meet("finish")
        record = self._held(job, Stage.PERSIST)
        if record is None:
            return None
        state, fault, confidence = summary(record.finished_pages, record.error)
        self._end(record, state, fault, confidence)
        return state

    def _at(self, job_id: UUID, stage: Stage) -> JobRecord | None:
        """The job while it is open and in `stage`."""
        record = self._records.get(job_id)
        return record if record and record.stage is stage and not record.state.terminal else None

    def _held(self, job: Job, stage: Stage) -> JobRecord | None:
        """The job while it is in `stage` and this claim is the newest one."""
        record = self._at(job.id, stage)
        return record if record and record.fence == job.fence else None

    def _working(self, job: Job) -> JobRecord:
        """The job while this claim, or this helper, may work on its pages. Raises ClaimLost."""
        record = self._at(job.id, Stage.OCR) if job.fence is None else self._held(job, Stage.OCR)
        if record is None:
            raise ClaimLost
        return record

    def _spent(self, record: JobRecord) -> bool:
        most = self._max_claims + (record.job.page_count or 0)
        return record.attempts >= self._max_attempts or record.claims >= most

    def _free_pages(self, job: Job) -> None:
        if job.stage is Stage.OCR:
            record = self._records[job.id]
            self._records[job.id] = record.with_pages(record.held_pages(job.holder), None)

    def _let_go(self, job: Job, wait_seconds: float | None, refund: int) -> bool:
        self._free_pages(job)
        held = self._held(job, job.stage)
        if held is None:
            return False
        self._records[job.id] = replace(
            held, fence=held.fence + 1, attempts=held.attempts - refund, leased=False, wait_seconds=wait_seconds
        )
        return True

    def _end(self, record: JobRecord, state: JobState, error: Fault | None, confidence: float | None) -> None:
        self._records[record.job.id] = replace(
            record, state=state, error=error, confidence=confidence, finished_at=datetime.now(UTC), leased=False
        )

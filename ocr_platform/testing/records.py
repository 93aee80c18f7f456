"""What the fake repository holds: frozen records, and what is read off them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from ocr_platform.errors import DocumentDamaged, PageDamaged, classes_by_code
from ocr_platform.models import (
    Fault,
    Job,
    JobState,
    JobStatus,
    Output,
    PageResult,
    SealedText,
    SourceFacts,
    Stage,
    StoredObject,
    StoredText,
    worst_first,
)

_DELIVERED = (JobState.SUCCEEDED, JobState.PARTIAL)


@dataclass(frozen=True, slots=True)
class PageRecord:
    """A page: who has it, whether that claim still holds, and what became of it; `result` None while it is pending."""

    holder: UUID | None = None
    leased: bool = False
    result: PageResult | None = None
    staged: StoredObject | None = None

    def held_by(self, holder: UUID) -> bool:
        """True when it is pending and `holder` has it, be the lease over or not."""
        return self.result is None and self.holder == holder

    def free_for(self, holder: UUID) -> bool:
        """True when it is pending and nobody else has it."""
        return self.result is None and (not self.leased or self.holder == holder)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as the repository holds it; `pages` by number.

    `leased` until the claim with the number `fence` ends; `attempts` of this stage since it last made progress,
    `claims` in all; `wait_seconds` when a job is to be claimed only later, None when at once.
    """

    job: Job
    created_at: datetime
    state: JobState = JobState.QUEUED
    stage: Stage = Stage.FETCH_DECRYPT
    fence: int = 0
    attempts: int = 0
    claims: int = 0
    leased: bool = False
    wait_seconds: float | None = None
    held_code: str | None = None
    facts: SourceFacts | None = None
    error: Fault | None = None
    pages: Mapping[int, PageRecord] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    text: SealedText | None = None
    confidence: float | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def finished_pages(self) -> list[PageResult]:
        """Results of the pages that are not pending, in order."""
        return [page.result for _, page in sorted(self.pages.items()) if page.result is not None]

    @property
    def pages_left(self) -> int:
        """How many pages are pending."""
        return len(self.pages) - len(self.finished_pages)

    @property
    def seconds_spent(self) -> float:
        """What the finished pages took, all added up."""
        return sum(page.seconds for page in self.finished_pages)

    @property
    def status(self) -> JobStatus:
        """The job as its submitter sees it."""
        done = self.finished_pages
        return JobStatus(
            job_id=self.job.id,
            tenant=self.job.tenant,
            state=self.state,
            stage=None if self.state.terminal else self.stage,
            error=self.error,
            pages=self.job.page_count,
            pages_done=len(done),
            pages_failed={page.number: page.error for page in done if page.error is not None},
            attempts=self.attempts,
            held_code=None if self.state.terminal else self.held_code,
            confidence=self.confidence,
            created_at=self.created_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
            source=self.facts,
            source_sha256=self.job.source_sha256,
            stored_text=StoredText.SEALED if self.text and self.state in _DELIVERED else StoredText.NONE,
            text_kms_key_id=self.text.key.kms_key_id if self.text and self.state in _DELIVERED else None,
            outputs=self.outputs if self.state in _DELIVERED else (),
            review=worst_first([page.figures for page in done]),
        )

    def held_pages(self, holder: UUID) -> list[int]:
        """Numbers of the pages that `holder` has and has not finished."""
        return [number for number, page in sorted(self.pages.items()) if page.held_by(holder)]

    def with_pages(self, numbers: Sequence[int], holder: UUID | None) -> "JobRecord":
        """The record with these pages in the hand of `holder`, or in nobody's."""
        changed = {number: replace(self.pages[number], holder=holder, leased=holder is not None) for number in numbers}
        return replace(self, pages={**self.pages, **changed})

    def moved_on(self, stage: Stage) -> "JobRecord":
        """The record in its next stage: the claim is over, and the stage has its own attempts."""
        moved = replace(self, stage=stage, fence=self.fence + 1, attempts=0, held_code=None)
        return replace(moved, leased=False, wait_seconds=None)


def fault_of(code: str) -> Fault:
    """The fault of a code, in its usual words."""
    return Fault(code, classes_by_code()[code].default_message)


def summary(pages: Sequence[PageResult], lost: Fault | None = None) -> tuple[JobState, Fault | None, float | None]:
    """State, error and confidence that a job's pages add up to; `lost` is the fault of an output."""
    codes = sorted(page.error for page in pages if page.error is not None)
    letters = sum(page.letters for page in pages)
    confidence = sum(page.confidence * page.letters for page in pages) / letters if letters else 0.0
    if not codes and lost is None:
        return JobState.SUCCEEDED, None, confidence
    if len(codes) < len(pages):
        return JobState.PARTIAL, lost, confidence
    # Pages that are only damaged say least: any other code goes first.
    code = next((code for code in codes if code != PageDamaged.code), DocumentDamaged.code)
    return JobState.FAILED, fault_of(code), None

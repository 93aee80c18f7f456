"""Jobs: where they stand, as a stage has claimed them, and as their submitter sees them."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ocr_platform.errors import UsageError
from ocr_platform.models.options import DocumentFormat, JobOptions
from ocr_platform.models.review import PageReview
from ocr_platform.models.stored import Output, SourceFacts, SourceRef, StoredText

_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class JobState(StrEnum):
    """Where a job stands; the last four are terminal."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """True when nothing will change any more."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


class Stage(StrEnum):
    """The four stages of the chain, in order."""

    FETCH_DECRYPT = "fetch_decrypt"
    OCR = "ocr"
    ENCRYPT_UPLOAD = "encrypt_upload"
    PERSIST = "persist"


def checked_tenant(name: str) -> str:
    """Return `name` when it can stand in an S3 key; raise UsageError otherwise."""
    if not _TENANT.fullmatch(name):
        raise UsageError("tenant: 1 to 63 of a-z, 0-9, - and _, starting with a letter or digit")
    return name


@dataclass(frozen=True, slots=True)
class Job:
    """A job as a stage has claimed it.

    `fence` is the claim's number, which only ever grows: what is written under an older one hits no row. A helper
    has claimed pages alone and has None. `holder` is what pages are held under; `attempts` counts this stage's claims
    since it last made progress, this one included. `held_code` is the fault of the installation that this stage met
    before, if any. `seconds_spent` is what its finished pages took, all added up.
    """

    id: UUID
    tenant: str
    source: SourceRef
    options: JobOptions
    stage: Stage
    fence: int | None
    holder: UUID
    attempts: int = 1
    held_code: str | None = None
    source_sha256: str | None = None
    source_format: DocumentFormat | None = None
    page_count: int | None = None
    seconds_spent: float = 0.0

    def hand_over(self, stage: Stage, helpers: int = 0) -> "HandOver":
        """The message for whoever goes on, after this claim has ended."""
        return HandOver(stage, helpers, None if self.fence is None else self.fence + 1)


@dataclass(frozen=True, slots=True)
class HandOver:
    """Whose message is to be published after a step, and how many helpers a long document may have.

    `wake` is the job's fence at that moment, None when a helper does not know it.
    """

    stage: Stage
    helpers: int = 0
    wake: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a checkpoint did: pages that were new, pages that are left, whether the job moved on with it."""

    new: int
    left: int
    moved: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a job or a page failed."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as its submitter sees it; confidence 0-100 and None until the job ended with a page recognised.

    `held_code` says what fault of the installation an open job waits for. `source` and `source_sha256` (hex) are None
    until the source was fetched. `stored_text` says what the database keeps, `text_kms_key_id` under which KMS key.
    `review` are finished pages that somebody should look at, the worst first.
    """

    job_id: UUID
    tenant: str
    state: JobState
    stage: Stage | None
    error: Fault | None
    pages: int | None
    pages_done: int
    pages_failed: dict[int, str]
    attempts: int
    held_code: str | None
    confidence: float | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    source: SourceFacts | None = None
    source_sha256: str | None = None
    stored_text: StoredText = StoredText.NONE
    text_kms_key_id: str | None = None
    outputs: tuple[Output, ...] = field(default=())
    review: tuple[PageReview, ...] = ()

    @property
    def seconds(self) -> float | None:
        """Wall time from submission to the terminal state."""
        return (self.finished_at - self.created_at).total_seconds() if self.finished_at else None

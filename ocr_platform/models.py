"""Frozen values that the layers pass to each other. No behaviour beyond what the values themselves mean."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from ocr_platform.errors import UsageError

_LANGUAGE = re.compile(r"[A-Za-z0-9_]{2,32}(/[A-Za-z0-9_]{2,32})?")
_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_MAX_LANGUAGES = 8


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


class DocumentFormat(StrEnum):
    """Formats that the platform reads, told by content and never by name."""

    PDF = "pdf"
    TIFF = "tiff"
    PNG = "png"
    JPEG = "jpeg"


class OutputFormat(StrEnum):
    """Outputs that a job can be asked for."""

    TEXT = "text"
    JSON = "json"


class TextStorage(StrEnum):
    """What the database keeps of recognised text."""

    SEALED = "sealed"  # each page, encrypted under a data key of its job
    NONE = "none"


class StoredText(StrEnum):
    """What the database has of one job's text."""

    NONE = "none"
    SEALED = "sealed"
    ERASED = "erased"  # its data key was deleted


class EngineName(StrEnum):
    """Which recogniser reads the pages; `auto` is the fastest that is installed."""

    AUTO = "auto"
    TESSEROCR = "tesserocr"
    PYTESSERACT = "pytesseract"


class SandboxMode(StrEnum):
    """What is to happen where the kernel does not offer all that holds a sandbox."""

    STRICT = "strict"  # nothing is decoded
    BEST_EFFORT = "best-effort"  # what is there is used


@dataclass(frozen=True, slots=True)
class SourceRef:
    """One version of one object in S3."""

    bucket: str
    key: str
    version_id: str


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What S3 says of a source before its body is read, and with it; `size` in bytes.

    `encryption` is `aws:kms` or `aws:kms:dsse`, `kms_key_id` the key's ARN. `checksum` is algorithm and base64 value of
    what the body was verified by, None when its uploader gave none, or one that cannot be verified here.
    """

    version_id: str
    size: int
    encryption: str
    kms_key_id: str
    bucket_key_enabled: bool
    checksum: str | None = None


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What is asked of a job. Raises UsageError when a value is not allowed."""

    languages: tuple[str, ...] = ("eng",)
    formats: tuple[OutputFormat, ...] = (OutputFormat.TEXT, OutputFormat.JSON)

    def __post_init__(self) -> None:
        if not 1 <= len(self.languages) <= _MAX_LANGUAGES or not all(map(_LANGUAGE.fullmatch, self.languages)):
            raise UsageError(f"languages: give 1 to {_MAX_LANGUAGES} names of models such as eng+deu")
        if not self.formats:
            raise UsageError("formats: give at least one of " + ", ".join(OutputFormat))

    @classmethod
    def of(cls, languages: str | Iterable[str], formats: str | Iterable[str]) -> Self:
        """Read options as people write them: `"eng+deu"`, `"text,json"`, or lists of names."""
        names = languages.split("+") if isinstance(languages, str) else list(languages)
        wanted = formats.split(",") if isinstance(formats, str) else list(formats)
        try:
            chosen = dict.fromkeys(OutputFormat(name.strip()) for name in wanted)
        except ValueError:
            raise UsageError("formats: allowed are " + ", ".join(OutputFormat)) from None
        return cls(tuple(dict.fromkeys(name.strip() for name in names)), tuple(chosen))

    def as_dict(self) -> dict[str, list[str]]:
        """The form that is stored."""
        return {"languages": list(self.languages), "formats": [str(name) for name in self.formats]}


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
class Word:
    """One recognised word; the box in pixels of the page image, from its upper left corner; confidence 0-100."""

    text: str
    left: int
    top: int
    width: int
    height: int
    confidence: float
    block: int
    paragraph: int
    line: int

    def as_dict(self) -> dict[str, str | int | float]:
        """By the names of the fields; by hand, since a page has hundreds and `dataclasses.asdict` copies each value."""
        return {
            "text": self.text,
            "left": self.left,
            "top": self.top,
            "width": self.width,
            "height": self.height,
            "confidence": self.confidence,
            "block": self.block,
            "paragraph": self.paragraph,
            "line": self.line,
        }


@dataclass(frozen=True, slots=True)
class PageResult:
    """One recognised page. `width` and `height` in pixels at `dpi`; confidence 0-100; `seconds` of wall time.

    A page that failed has `error` (a code) and neither text nor words.
    """

    number: int
    width: int = 0
    height: int = 0
    dpi: int = 0
    text: str = ""
    words: tuple[Word, ...] = ()
    seconds: float = 0.0
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """By the names of the fields, for JSON."""
        return {
            "number": self.number,
            "width": self.width,
            "height": self.height,
            "dpi": self.dpi,
            "text": self.text,
            "words": [word.as_dict() for word in self.words],
            "seconds": self.seconds,
            "error": self.error,
        }

    @property
    def confidence(self) -> float:
        """Mean confidence of the words, each weighted by its letters; 0 when there is none."""
        letters = sum(len(word.text) for word in self.words)
        return sum(word.confidence * len(word.text) for word in self.words) / letters if letters else 0.0

    @property
    def letters(self) -> int:
        """Characters in words: the weight of this page in the document's confidence."""
        return sum(len(word.text) for word in self.words)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that the platform wrote, and how S3 said that it is protected; `size` in bytes, hex SHA-256.

    `checksum` is what S3 confirmed: algorithm and base64 value, of an upload in parts over theirs, with their number.
    """

    bucket: str
    key: str
    version_id: str
    size: int
    sha256: str
    kms_key_id: str
    bucket_key_enabled: bool
    encryption: str = "aws:kms"
    checksum: str | None = None
    bucket_owner: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a job."""

    format: OutputFormat
    content_type: str
    stored: StoredObject


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as it may be stored: KMS alone can unwrap it, for the context that it was made for."""

    kms_key_id: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class SealedText:
    """The text of a job's pages, each sealed under the job's data key; `pages` by number."""

    key: WrappedKey
    pages: Mapping[int, bytes]


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

    @property
    def seconds(self) -> float | None:
        """Wall time from submission to the terminal state."""
        return (self.finished_at - self.created_at).total_seconds() if self.finished_at else None

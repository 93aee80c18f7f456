"""The tables. Migrations under `migrations/` create them; a test holds the two together.

Postgres is the truth about every job. No file name is stored here, and recognised text only sealed (`sealing.py`).
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Index,
    MetaData,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ocr_platform.models import DocumentFormat, JobState, OutputFormat, Stage

ByteCount = Annotated[int, mapped_column(BigInteger)]

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


# SQL: the job has not ended.
OPEN = "state IN ('queued', 'running')"


def _one_of(column: str, values: type[JobState | Stage | DocumentFormat | OutputFormat]) -> CheckConstraint:
    """A text column with a check: a new value is one short migration, unlike a Postgres enum type."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Base(DeclarativeBase):
    """Root of the tables; timestamps are timezone-aware and come from the database's clock."""

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB}


class JobRow(Base):
    """One submitted document and everything that is known about its way."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("tenant", "client_token"),
        _one_of("state", JobState),
        _one_of("stage", Stage),
        _one_of("source_format", DocumentFormat),
        CheckConstraint("(state IN ('queued', 'running')) = (finished_at IS NULL)", name="finished"),
        CheckConstraint("lease_until IS NULL OR finished_at IS NULL", name="lease"),
        # One small index for each question of the reaper: none grows with the jobs that have ended, and the first
        # holds only what workers have in hand.
        Index("ix_jobs_leases", "lease_until", postgresql_where=text("lease_until IS NOT NULL")),
        Index("ix_jobs_waiting", "stage", "woken_at", postgresql_where=text(f"{OPEN} AND lease_until IS NULL")),
        Index("ix_jobs_due", "next_attempt_at", postgresql_where=text(f"{OPEN} AND woken_at IS NULL")),
        Index("ix_jobs_held", "held_code", postgresql_where=text(f"{OPEN} AND held_code IS NOT NULL")),
        Index("ix_jobs_uncleaned", "finished_at", postgresql_where=text("NOT cleaned AND state = 'failed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant: Mapped[str]
    client_token: Mapped[str | None]
    source_bucket: Mapped[str]
    source_key: Mapped[str]
    source_version_id: Mapped[str]
    source_size: Mapped[ByteCount]
    source_sha256: Mapped[str | None]
    source_format: Mapped[str | None]
    source_facts: Mapped[dict[str, Any] | None]  # what S3 said of it with its bytes
    options: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default=JobState.QUEUED.value)
    stage: Mapped[str] = mapped_column(server_default=Stage.FETCH_DECRYPT.value)
    # The claim: how often this stage was claimed since it last made progress, how often the job was claimed in all,
    # the number of the newest claim, and until when that one holds.
    attempts: Mapped[int] = mapped_column(server_default="0")
    claims: Mapped[int] = mapped_column(server_default="0")
    fence: Mapped[ByteCount] = mapped_column(server_default="0")
    lease_until: Mapped[datetime | None]
    # No claim before the one; the other says when a message was last sent, and nothing when one is still to be sent.
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    woken_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    # The claim came by the newest message and not by an older one: it says how far the queue has been served.
    in_turn: Mapped[bool] = mapped_column(server_default=text("false"))
    # Workers leave rows alone that were written for a newer protocol than their own.
    protocol: Mapped[int] = mapped_column(server_default="1")
    # The fault of the installation that this stage met and waits for; it has cost neither an attempt nor a claim.
    held_code: Mapped[str | None]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    page_count: Mapped[int | None]
    pages_left: Mapped[int | None]
    confidence: Mapped[float | None] = mapped_column(Float)
    cleaned: Mapped[bool] = mapped_column(server_default=text("false"))  # a failed job left nothing in the bucket
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    text_erased_at: Mapped[datetime | None]


class PageRow(Base):
    """One page: whether it is done, who has it, where its result is staged, its figures (pixels, seconds, 0-100)."""

    __tablename__ = "pages"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'done', 'failed')", name="state"),
        CheckConstraint("number >= 1", name="number"),
        Index("ix_pages_pending", "job_id", "number", postgresql_where=text("state = 'pending'")),
    )

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(server_default="pending")
    holder: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    error_code: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    dpi: Mapped[int | None]
    words: Mapped[int | None]
    letters: Mapped[int | None]
    confidence: Mapped[float | None] = mapped_column(Float)
    seconds: Mapped[float | None] = mapped_column(Float)
    blank: Mapped[bool | None]
    disputed: Mapped[float | None] = mapped_column(Float)  # share (0-1) of letters that a second reading had otherwise
    staged: Mapped[dict[str, Any] | None]


class OutputRow(Base):
    """One output in S3 and the protection that S3 confirmed for it; size in bytes."""

    __tablename__ = "outputs"
    __table_args__ = (_one_of("format", OutputFormat),)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    content_type: Mapped[str]
    bucket: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    size: Mapped[ByteCount]
    sha256: Mapped[str]
    kms_key_id: Mapped[str]
    bucket_key_enabled: Mapped[bool]
    encryption: Mapped[str] = mapped_column(server_default="aws:kms")
    checksum: Mapped[str | None]
    bucket_owner: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TextKeyRow(Base):
    """The data key of a job's text, wrapped by KMS: without this row the text cannot be opened any more."""

    __tablename__ = "text_keys"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    kms_key_id: Mapped[str]
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    rewrapped_at: Mapped[datetime | None]


class PageTextRow(Base):
    """The text of a page that was recognised, sealed under its job's data key."""

    __tablename__ = "page_texts"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes]


class OutboxRow(Base):
    """A message that must still be published: written with the job, removed once Redis has it."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    stage: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


class BreakerRow(Base):
    """A worker process (`host:pid`) that takes no work: which fault of the installation it met, since when.

    `seen_at` is when it last looked whether the fault is gone.
    """

    __tablename__ = "breakers"

    name: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ReaperRow(Base):
    """The last round of the reaper that is active: who it is, when it was, what it did. One row."""

    __tablename__ = "reaper"
    __table_args__ = (CheckConstraint("id = 1", name="only"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, server_default="1")
    name: Mapped[str]
    round_at: Mapped[datetime]
    seconds: Mapped[float] = mapped_column(Float)
    figures: Mapped[dict[str, Any]]

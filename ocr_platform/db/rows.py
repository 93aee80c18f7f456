"""From rows to the frozen values of `models`, and back."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from ocr_platform.models import (
    DocumentFormat,
    Job,
    JobOptions,
    Output,
    OutputFormat,
    PageResult,
    SourceRef,
    Stage,
    StoredObject,
)


def job_of(row: Row[Any], fence: int | None, holder: UUID) -> Job:
    """A job row as a stage sees it, under the claim that it has."""
    return Job(
        id=row.id,
        tenant=row.tenant,
        source=SourceRef(row.source_bucket, row.source_key, row.source_version_id),
        options=JobOptions.from_dict(row.options),
        stage=Stage(row.stage),
        fence=fence,
        holder=holder,
        attempts=row.attempts,
        held_code=row.held_code,
        source_sha256=row.source_sha256,
        source_format=DocumentFormat(row.source_format) if row.source_format else None,
        page_count=row.page_count,
        seconds_spent=row.seconds_spent or 0.0,
    )


def page_values(page: PageResult) -> dict[str, Any]:
    """Column values of a recognised page."""
    return {
        "number": page.number,
        "state": "done" if page.error is None else "failed",
        "error_code": page.error,
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "words": len(page.words),
        "letters": page.letters,
        "confidence": page.confidence,
        "seconds": page.seconds,
        "blank": page.blank,
        "disputed": page.disputed,
    }


def output_values(outputs: Sequence[Output]) -> list[dict[str, Any]]:
    """Column values of outputs."""
    return [{"format": item.format, "content_type": item.content_type, **asdict(item.stored)} for item in outputs]


def output_of(row: Row[Any]) -> Output:
    """An output row."""
    stored = StoredObject(
        bucket=row.bucket,
        key=row.key,
        version_id=row.version_id,
        size=row.size,
        sha256=row.sha256,
        kms_key_id=row.kms_key_id,
        bucket_key_enabled=row.bucket_key_enabled,
        encryption=row.encryption,
        checksum=row.checksum,
        bucket_owner=row.bucket_owner,
    )
    return Output(OutputFormat(row.format), row.content_type, stored)

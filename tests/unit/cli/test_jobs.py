"""How a job's status is told."""

import json
from datetime import UTC, datetime
from uuid import UUID

from ocr_platform.cli.jobs import _describe, status_line
from ocr_platform.models import JobState, JobStatus, PageReview, ReviewReason

STATUS = JobStatus(
    job_id=UUID(int=1),
    tenant="default",
    state=JobState.SUCCEEDED,
    stage=None,
    error=None,
    pages=9,
    pages_done=9,
    pages_failed={},
    attempts=1,
    held_code=None,
    confidence=93.2,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    started_at=None,
    finished_at=None,
    review=(
        PageReview(7, (ReviewReason.NO_TEXT_FOUND,), None),
        PageReview(2, (ReviewReason.LOW_CONFIDENCE, ReviewReason.READINGS_DISAGREE), 61.4),
    ),
)


def test_pages_to_review_are_named_with_their_reasons() -> None:
    lines = _describe(STATUS).splitlines()

    assert "  review      page 7: no_text_found" in lines
    assert "  review      page 2: low_confidence, readings_disagree, confidence 61" in lines


def test_pages_to_review_are_in_the_json_too() -> None:
    assert json.loads(status_line(STATUS))["review"] == [
        {"number": 7, "reasons": ["no_text_found"], "confidence": None},
        {"number": 2, "reasons": ["low_confidence", "readings_disagree"], "confidence": 61.4},
    ]

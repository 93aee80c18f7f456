"""An installation with jobs under way gets claims: nothing is lost, and what was done stays done."""

from typing import Any
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text

from ocr_platform.db import queries
from ocr_platform.db.claims import ClaimTerms
from ocr_platform.db.migrate import config, migrate
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.repository import JobRepository
from ocr_platform.models import DocumentFormat, JobState, Stage
from tests.integration.db.support import FACTS, PATIENCE, SHA256, claimed, output, page, pages_of, row_of, stored

WAITING, READING, READ, DELIVERED, FAILED = (UUID(int=number) for number in range(1, 6))


def go_to(connection: Connection, revision: str) -> None:
    alembic = config()
    alembic.attributes["connection"] = connection
    here = connection.scalar(text("SELECT to_regclass('alembic_version')"))
    current = connection.scalar(text("SELECT version_num FROM alembic_version")) if here else None
    (command.downgrade if current and current > revision else command.upgrade)(alembic, revision)
    connection.commit()


def old_job(connection: Connection, job_id: UUID, stage: Stage, **values: Any) -> None:
    """A job as the version before wrote it."""
    row = {
        "id": job_id,
        "tenant": "default",
        "client_token": str(job_id),
        "source_bucket": "b",
        "source_key": "uploads/a",
        "source_version_id": "v",
        "source_size": 1,
        "options": '{"languages": ["eng"], "formats": ["text"]}',
        "stage": stage,
        "state": JobState.RUNNING,
    } | values
    columns = ", ".join(row)
    connection.execute(text(f"INSERT INTO jobs ({columns}) VALUES ({', '.join(f':{name}' for name in row)})"), row)  # noqa: S608


def old_page(connection: Connection, job_id: UUID, number: int, state: str) -> None:
    staged = '{"bucket": "b", "key": "k", "version_id": "v", "size": 1, "sha256": "", "kms_key_id": ""}'
    values = {"job_id": job_id, "number": number, "state": state, "staged": None if state == "pending" else staged}
    connection.execute(
        text("INSERT INTO pages (job_id, number, state, staged) VALUES (:job_id, :number, :state, :staged)"), values
    )


@pytest.fixture
def migrated(empty_engine: Engine) -> Engine:
    """A database of the version before, with jobs in every state, brought to the newest schema."""
    with empty_engine.connect() as connection:
        go_to(connection, "0001")
        old_job(connection, WAITING, Stage.FETCH_DECRYPT, state=JobState.QUEUED)
        old_job(connection, READING, Stage.OCR, page_count=4)
        for number, state in enumerate(["done", "failed", "pending", "pending"], 1):
            old_page(connection, READING, number, state)
        old_job(connection, READ, Stage.OCR, page_count=2)
        for number in (1, 2):
            old_page(connection, READ, number, "done")
        finished = {"finished_at": "now()"}
        old_job(connection, DELIVERED, Stage.PERSIST, page_count=1, state=JobState.SUCCEEDED, confidence=88, **finished)
        old_page(connection, DELIVERED, 1, "done")
        old_job(connection, FAILED, Stage.FETCH_DECRYPT, state=JobState.FAILED, error_code="source_empty", **finished)
        connection.commit()
    migrate(empty_engine)
    return empty_engine


@pytest.fixture
def moved(migrated: Engine, terms: ClaimTerms) -> JobRepository:
    return JobRepository(migrated, terms)


def test_pages_that_are_left_are_counted(migrated: Engine) -> None:
    left = {job_id: row_of(migrated, job_id).pages_left for job_id in (WAITING, READING, READ, DELIVERED, FAILED)}

    assert left == {WAITING: None, READING: 2, READ: 0, DELIVERED: 0, FAILED: None}


def test_a_job_that_waited_goes_its_way(moved: JobRepository) -> None:
    job = claimed(moved, WAITING, Stage.FETCH_DECRYPT)

    assert moved.record_plan(job, FACTS, SHA256, DocumentFormat.PDF, 1)
    job = claimed(moved, WAITING, Stage.OCR)
    assert moved.claim_pages(job, 8) == [1]
    assert moved.checkpoint(job, [page(1)], stored()).moved
    assert moved.record_outputs(claimed(moved, WAITING, Stage.ENCRYPT_UPLOAD), [output()])
    assert moved.finish(claimed(moved, WAITING, Stage.PERSIST)) is JobState.SUCCEEDED


def test_a_job_with_pages_under_way_goes_on_where_it_was(moved: JobRepository) -> None:
    job = claimed(moved, READING, Stage.OCR)

    assert moved.claim_pages(job, 8) == [3, 4]
    progress = moved.checkpoint(job, [page(3), page(4)], stored())

    assert (progress.new, progress.left, progress.moved) == (2, 0, True)
    assert [row.state for row in pages_of(moved.engine, READING)] == ["done", "failed", "done", "done"]


def test_a_job_that_stood_just_before_its_move_moves(moved: JobRepository) -> None:
    # Given a job whose last page was recorded by a worker that was stopped before it moved the job on
    assert moved.claim(READ, Stage.ENCRYPT_UPLOAD) is not None


def test_jobs_that_had_ended_are_as_they_were(migrated: Engine, moved: JobRepository) -> None:
    found = queries.statuses(migrated, [DELIVERED, FAILED])

    delivered, fault = found[DELIVERED], found[FAILED].error
    assert (delivered.state, delivered.pages_done, delivered.confidence) == (JobState.SUCCEEDED, 1, 88.0)
    assert fault is not None
    assert fault.code == "source_empty"
    assert all(moved.claim(job_id, stage) is None for job_id in (DELIVERED, FAILED) for stage in Stage)


def test_open_jobs_whose_messages_are_lost_are_found(migrated: Engine, terms: ClaimTerms) -> None:
    # Given that Redis was restarted with the workers
    with migrated.begin() as connection:
        connection.execute(text("UPDATE jobs SET woken_at = woken_at - interval '1 hour'"))

    found = ReaperLog(migrated, terms).unclaimed(list(Stage), PATIENCE, 10, queue_is_empty=True)

    assert {woken.job_id for woken in found} == {WAITING, READING, READ}


def test_a_downgrade_keeps_the_jobs_and_a_second_upgrade_counts_again(migrated: Engine, moved: JobRepository) -> None:
    job = claimed(moved, READING, Stage.OCR)
    moved.claim_pages(job, 1)
    moved.checkpoint(job, [page(3)], stored())

    with migrated.connect() as connection:
        go_to(connection, "0001")
        count = connection.scalar(text("SELECT count(*) FROM jobs"))
        pending = connection.scalar(text("SELECT count(*) FROM pages WHERE state = 'pending'"))
    migrate(migrated)

    assert (count, pending) == (5, 1)
    assert row_of(migrated, READING).pages_left == 1
    assert moved.claim_pages(claimed(moved, READING, Stage.OCR), 8) == [4]

"""Asking how jobs stand is cheap, and shows what is promised and no more."""

from uuid import uuid4

import pytest
from sqlalchemy import Engine, insert

from ocr_platform.db import queries
from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import JobRow
from ocr_platform.models import JobOptions, JobState, OutputFormat, Stage
from tests.integration.db.support import (
    claimed,
    counted_statements,
    failed,
    job_claimed_in,
    job_in,
    output,
    page,
    stored,
    submitted,
)


def test_the_statuses_of_many_jobs_take_as_many_statements_as_that_of_one(
    engine: Engine, repository: JobRepository
) -> None:
    # Given 200 jobs, one of them with pages and an output
    job = job_claimed_in(repository, Stage.OCR, pages=2)
    repository.claim_pages(job, 2)
    repository.checkpoint(job, [page(1, ("word", 75.0)), page(2, ("word", 75.0))], stored())
    repository.record_outputs(claimed(repository, job.id, Stage.ENCRYPT_UPLOAD), [output()])
    repository.finish(claimed(repository, job.id, Stage.PERSIST))
    many = [job.id, *(uuid4() for _ in range(199))]
    with engine.begin() as connection:
        rows = [
            {"id": job_id, "tenant": "t", "source_bucket": "b", "source_key": "k", "source_version_id": "v"}
            | {"source_size": 1, "options": JobOptions().as_dict()}
            for job_id in many[1:]
        ]
        connection.execute(insert(JobRow), rows)

    # When their statuses are asked for
    with counted_statements(engine) as for_one:
        queries.statuses(engine, [job.id])
    with counted_statements(engine) as for_all:
        found = queries.statuses(engine, [*many, uuid4()])

    # Then it takes three statements, and unknown jobs are left out
    assert len(for_all) == len(for_one) == 3
    assert set(found) == set(many)
    status = found[job.id]
    assert (status.state, status.pages_done, status.pages_failed) == (JobState.SUCCEEDED, 2, {})
    assert status.confidence == pytest.approx(75.0)
    assert [item.format for item in status.outputs] == [OutputFormat.TEXT]


def test_outputs_are_not_shown_before_the_job_has_ended(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.ENCRYPT_UPLOAD, pages=0)
    repository.record_outputs(job, [output()])

    early = queries.statuses(engine, [job.id])[job.id].outputs
    repository.finish(claimed(repository, job.id, Stage.PERSIST))

    assert early == ()
    assert queries.statuses(engine, [job.id])[job.id].outputs == (output(),)


def test_a_status_counts_pages_as_they_are_done(engine: Engine, repository: JobRepository) -> None:
    waiting = submitted(engine)
    job = job_claimed_in(repository, Stage.OCR, pages=5, attempts=1)
    repository.claim_pages(job, 5)
    before = queries.statuses(engine, [job.id])[job.id]

    repository.checkpoint(job, [page(1), failed(2, "page_timeout"), page(5)], stored())

    after = queries.statuses(engine, [job.id, waiting])
    assert (before.pages, before.pages_done, before.attempts) == (5, 0, 2)
    assert (after[job.id].pages_done, after[job.id].pages_failed) == (3, {2: "page_timeout"})
    assert (after[waiting].pages, after[waiting].pages_done, after[waiting].stage) == (None, 0, Stage.FETCH_DECRYPT)


def test_a_job_that_failed_in_the_middle_says_what_was_done_until_then(
    engine: Engine, repository: JobRepository
) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=5)
    repository.claim_pages(job, 5)
    repository.checkpoint(job, [page(1), page(2)], stored())

    repository.fail(job, "storage_denied", "No.")

    status = queries.statuses(engine, [job.id])[job.id]
    assert (status.state, status.pages_done, status.stage) == (JobState.FAILED, 2, None)
    assert status.error is not None
    assert (status.error.code, status.error.message) == ("storage_denied", "No.")


def test_a_fault_without_a_message_has_the_one_of_its_code(engine: Engine) -> None:
    # Given what the reaper writes: codes alone
    job_id = job_in(engine, Stage.OCR, pages=1, state="failed", finished_at="now()", error_code="worker_lost")

    fault = queries.statuses(engine, [job_id])[job_id].error

    assert fault is not None
    assert "OCR_MAX_ATTEMPTS" in fault.message

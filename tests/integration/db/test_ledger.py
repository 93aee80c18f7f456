"""What a job delivers, and how its end is the sum of its pages; each one statement."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine

from ocr_platform.db import queries
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import OutputRow
from ocr_platform.models import Job, JobState, OutputFormat, PageResult, Stage
from tests.integration.db.support import (
    change,
    claimed,
    count,
    counted_statements,
    expire,
    failed,
    job_claimed_in,
    output,
    page,
    row_of,
    stored,
)


def uploading(repository: JobRepository, results: Sequence[PageResult]) -> Job:
    """A job with these results, claimed for its third stage."""
    job = job_claimed_in(repository, Stage.OCR, pages=len(results))
    repository.claim_pages(job, len(results))
    assert repository.checkpoint(job, results, stored()).moved
    return claimed(repository, job.id, Stage.ENCRYPT_UPLOAD)


def persisting(repository: JobRepository, results: Sequence[PageResult]) -> Job:
    """A job with these results, claimed for its last stage."""
    job = uploading(repository, results)
    assert repository.record_outputs(job, [output()])
    return claimed(repository, job.id, Stage.PERSIST)


@pytest.mark.parametrize(
    ("results", "state", "code"),
    [
        pytest.param([page(1, ("a", 80.0)), page(2)], JobState.SUCCEEDED, None, id="all pages are read"),
        pytest.param([page(1, ("a", 80.0)), failed(2)], JobState.PARTIAL, None, id="a page is lost"),
        pytest.param([failed(1), page(2)], JobState.PARTIAL, None, id="only a blank page is left"),
        pytest.param([failed(1), failed(2)], JobState.FAILED, "document_damaged", id="all pages are damaged"),
        pytest.param([failed(1, "page_timeout")], JobState.FAILED, "page_timeout", id="the only page is too slow"),
        pytest.param([failed(1), failed(2, "page_timeout")], JobState.FAILED, "page_timeout", id="for several reasons"),
        pytest.param(
            [failed(1, "page_too_large"), failed(2, "page_memory")], JobState.FAILED, "page_memory", id="none damaged"
        ),
    ],
)
def test_a_job_ends_as_the_sum_of_its_pages(
    results: list[PageResult], state: JobState, code: str | None, engine: Engine, repository: JobRepository
) -> None:
    job = persisting(repository, results)

    assert repository.finish(job) is state

    row = row_of(engine, job.id)
    assert (row.state, row.error_code, row.lease_until) == (state, code, None)
    assert row.finished_at is not None
    fault = queries.statuses(engine, [job.id])[job.id].error
    assert (fault.code if fault else None) == code
    assert fault is None or fault.message


def test_an_output_that_could_not_be_made_makes_a_job_partial(engine: Engine, repository: JobRepository) -> None:
    job = uploading(repository, [page(1, ("a", 80.0))])

    assert repository.record_outputs(job, [output(OutputFormat.TEXT)], "output_failed")

    assert repository.finish(claimed(repository, job.id, Stage.PERSIST)) is JobState.PARTIAL
    status = queries.statuses(engine, [job.id])[job.id]
    assert status.error is not None
    assert status.error.code == "output_failed"
    assert [each.format for each in status.outputs] == [OutputFormat.TEXT]


@pytest.mark.parametrize("name", OutputFormat)
def test_every_output_has_its_place(name: OutputFormat, engine: Engine, repository: JobRepository) -> None:
    job = uploading(repository, [page(1)])

    assert repository.record_outputs(job, [output(name)])

    repository.finish(claimed(repository, job.id, Stage.PERSIST))
    assert [each.format for each in queries.statuses(engine, [job.id])[job.id].outputs] == [name]


def test_confidence_is_weighted_by_letters(engine: Engine, repository: JobRepository) -> None:
    # Given one letter read at 10 and nine letters read at 90, on two pages, and a page that failed
    job = persisting(repository, [page(1, ("a", 10.0)), page(2, ("abcde", 90.0), ("fghi", 90.0)), failed(3)])

    repository.finish(job)

    assert row_of(engine, job.id).confidence == pytest.approx((1 * 10 + 9 * 90) / 10)


def test_a_document_of_blank_pages_succeeds_with_no_confidence(engine: Engine, repository: JobRepository) -> None:
    job = persisting(repository, [page(1), page(2)])

    assert repository.finish(job) is JobState.SUCCEEDED
    assert row_of(engine, job.id).confidence == 0.0


def test_a_job_without_a_recognised_page_has_no_confidence(engine: Engine, repository: JobRepository) -> None:
    job = persisting(repository, [failed(1)])

    repository.finish(job)

    assert row_of(engine, job.id).confidence is None


def test_the_sum_counts_no_page_of_another_job(engine: Engine, repository: JobRepository) -> None:
    persisting(repository, [failed(1), page(2, ("other", 10.0))])
    job = persisting(repository, [page(1, ("mine", 90.0))])

    assert repository.finish(job) is JobState.SUCCEEDED
    assert row_of(engine, job.id).confidence == pytest.approx(90.0)


def test_outputs_are_stored_with_the_move_and_once(engine: Engine, repository: JobRepository) -> None:
    job = uploading(repository, [page(1)])
    outputs = [output(OutputFormat.JSON), output(OutputFormat.TEXT)]

    first = repository.record_outputs(job, outputs)
    second = repository.record_outputs(job, outputs)
    repository.finish(claimed(repository, job.id, Stage.PERSIST))

    assert (first, second) == (True, False)
    assert list(queries.statuses(engine, [job.id])[job.id].outputs) == outputs


def test_a_job_without_outputs_moves_on_all_the_same(engine: Engine, repository: JobRepository) -> None:
    job = uploading(repository, [failed(1)])

    assert repository.record_outputs(job, [])

    assert count(engine, OutputRow) == 0
    assert repository.finish(claimed(repository, job.id, Stage.PERSIST)) is JobState.FAILED


def test_a_move_waits_for_nobody_and_may_be_claimed_at_once(engine: Engine, repository: JobRepository) -> None:
    job = uploading(repository, [page(1)])

    repository.record_outputs(job, [output()])

    row = row_of(engine, job.id)
    assert (row.stage, row.lease_until, row.attempts) == (Stage.PERSIST, None, 0)
    assert row.woken_at is not None
    assert claimed(repository, job.id, Stage.PERSIST).fence == row.fence + 1


def test_delivery_and_end_are_one_statement_each(engine: Engine, repository: JobRepository) -> None:
    job = uploading(repository, [page(1), page(2)])

    with counted_statements(engine) as delivery:
        repository.record_outputs(job, [output(OutputFormat.JSON), output(OutputFormat.TEXT)])
    last = claimed(repository, job.id, Stage.PERSIST)
    with counted_statements(engine) as end:
        repository.finish(last)

    assert (len(delivery), len(end)) == (1, 1)


def test_a_job_that_fails_in_its_last_stage_delivers_nothing_and_never_half(
    engine: Engine, repository: JobRepository
) -> None:
    # Given outputs that are recorded already, and a process that may die between any two statements
    job = persisting(repository, [page(1)])

    with counted_statements(engine) as sent:
        assert repository.fail(job, "storage_denied", "No.")

    assert queries.statuses(engine, [job.id])[job.id].outputs == ()
    assert len(sent) == 1


def test_a_job_that_is_found_spent_in_its_last_stage_delivers_nothing(
    engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    job, other = (persisting(repository, [page(1)]) for _ in range(2))
    change(engine, job.id, attempts=6)
    expire(engine, job.id)
    expire(engine, other.id)

    spent = {woken.job_id: woken.spent for woken in log.lost(10)}

    assert spent == {job.id: True, other.id: False}
    assert queries.statuses(engine, [job.id])[job.id].outputs == ()
    assert repository.finish(claimed(repository, other.id, Stage.PERSIST)) is JobState.SUCCEEDED
    assert len(queries.statuses(engine, [other.id])[other.id].outputs) == 1

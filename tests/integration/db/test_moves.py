"""Each move of a job has one winner, and a message for another stage finds nothing to do."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from ocr_platform.db import queries
from ocr_platform.db.repository import JobRepository
from ocr_platform.models import DocumentFormat, JobState, OutputFormat, Stage
from tests.integration.db.support import SHA256, at_once, job_in, output, page, request, row_of, stored

ROUNDS = 40
Move = Callable[[JobRepository, UUID], object]

MOVES: dict[str, tuple[Stage, Move]] = {
    "record_plan": (Stage.FETCH_DECRYPT, lambda repo, job: repo.record_plan(job, SHA256, DocumentFormat.PDF, 3)),
    "complete": (Stage.OCR, lambda repo, job: repo.complete(job)),
    "record_outputs": (Stage.ENCRYPT_UPLOAD, lambda repo, job: repo.record_outputs(job, [output()])),
    "finish": (Stage.PERSIST, lambda repo, job: repo.finish(job)),
    "fail": (Stage.OCR, lambda repo, job: repo.fail(job, Stage.OCR, "page_timeout", "Too slow.")),
}


@pytest.mark.parametrize("name", MOVES)
def test_of_two_workers_that_move_a_job_at_once_one_wins(name: str, engine: Engine, repository: JobRepository) -> None:
    stage, move = MOVES[name]
    for _ in range(ROUNDS):
        # Given a job in the stage
        job_id = job_in(engine, stage)

        # When two workers end the stage in the same moment
        won = at_once(lambda: bool(move(repository, job_id)), lambda: bool(move(repository, job_id)))  # noqa: B023

        assert sorted(won) == [False, True]


@pytest.mark.parametrize("name", ["record_plan", "complete", "record_outputs", "finish"])
def test_a_job_that_fails_while_it_moves_on_does_one_or_the_other(
    name: str, engine: Engine, repository: JobRepository
) -> None:
    stage, move = MOVES[name]
    for _ in range(ROUNDS):
        job_id = job_in(engine, stage)

        moved, failed = at_once(
            lambda: bool(move(repository, job_id)),  # noqa: B023
            lambda: repository.fail(job_id, stage, "storage_denied", "No."),  # noqa: B023
        )

        assert moved is not failed
        assert (row_of(engine, job_id).state == JobState.FAILED) is failed


def test_a_plan_moves_the_job_on_and_queues_its_pages(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.FETCH_DECRYPT)

    repository.record_plan(job_id, SHA256, DocumentFormat.TIFF, 300)

    job = repository.begin(job_id, Stage.OCR)
    assert job is not None
    assert (job.source_sha256, job.source_format, job.page_count) == (SHA256, DocumentFormat.TIFF, 300)
    assert repository.unfinished(job_id, 1000) == list(range(1, 301))
    assert repository.unfinished(job_id, 8) == list(range(1, 9))


def test_begin_marks_the_job_as_running_and_keeps_its_first_start(engine: Engine, repository: JobRepository) -> None:
    job_id, _ = queries.submit(engine, request())

    job = repository.begin(job_id, Stage.FETCH_DECRYPT)
    first = row_of(engine, job_id)
    again = repository.begin(job_id, Stage.FETCH_DECRYPT)
    second = row_of(engine, job_id)

    assert job == again
    assert first.state == JobState.RUNNING
    assert first.started_at is not None
    assert second.started_at == first.started_at
    assert second.updated_at > first.updated_at


@pytest.mark.parametrize("stage", Stage)
def test_begin_drops_a_message_for_another_stage(stage: Stage, engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, stage)
    before = row_of(engine, job_id)

    assert all(repository.begin(job_id, other) is None for other in Stage if other is not stage)
    assert row_of(engine, job_id) == before


def test_begin_drops_a_message_for_a_job_that_has_ended(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.OCR)
    assert repository.fail(job_id, Stage.OCR, "page_timeout", "Too slow.")
    ended = row_of(engine, job_id)

    assert repository.begin(job_id, Stage.OCR) is None
    assert not repository.fail(job_id, Stage.OCR, "internal_error", "Again.")
    assert row_of(engine, job_id) == ended


def test_begin_drops_a_message_for_an_unknown_job(repository: JobRepository) -> None:
    assert all(repository.begin(uuid4(), stage) is None for stage in Stage)


def test_a_job_is_complete_only_when_no_page_is_pending(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.OCR, pages=2)

    repository.checkpoint(job_id, [page(1)], stored())
    early = repository.complete(job_id)
    repository.checkpoint(job_id, [page(2)], stored())

    assert not early
    assert repository.complete(job_id)


def test_outputs_are_stored_only_by_the_one_who_moves_the_job_on(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.ENCRYPT_UPLOAD)
    outputs = [output(OutputFormat.JSON), output(OutputFormat.TEXT)]

    first = repository.record_outputs(job_id, outputs)
    second = repository.record_outputs(job_id, outputs)
    repository.finish(job_id)

    assert (first, second) == (True, False)
    assert list(queries.statuses(engine, [job_id])[job_id].outputs) == outputs

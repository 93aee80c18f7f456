"""Submissions happen once, their messages are not lost, and asking is cheap."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, insert, select, update

from ocr_platform.db import queries
from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import JobRow, OutboxRow
from ocr_platform.errors import TokenConflict
from ocr_platform.models import JobOptions, JobState, OutputFormat, SourceRef, Stage
from tests.integration.db.support import at_once, counted_statements, job_in, output, page, request, row_of, stored

NOW = timedelta(0)


def count(engine: Engine, table: type[JobRow | OutboxRow]) -> int:
    with engine.begin() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def age(engine: Engine, job_id: UUID, by: timedelta) -> None:
    """Let a job's last progress be that long ago."""
    with engine.begin() as connection:
        aged = update(JobRow).where(JobRow.id == job_id).values(updated_at=func.now() - by)
        connection.execute(aged)


def test_a_job_is_stored_with_its_first_message(engine: Engine) -> None:
    job_id, outbox_id = queries.submit(engine, request(tenant="clinic"))

    assert queries.unpublished(engine, NOW, 10) == [(outbox_id, job_id, Stage.FETCH_DECRYPT)]
    status = queries.statuses(engine, [job_id])[job_id]
    assert (status.tenant, status.state, status.stage) == ("clinic", JobState.QUEUED, Stage.FETCH_DECRYPT)


def test_a_published_message_is_forgotten(engine: Engine) -> None:
    (_, first), (second_job, second) = (queries.submit(engine, request()) for _ in range(2))
    assert first is not None

    queries.published(engine, first)

    assert queries.unpublished(engine, NOW, 10) == [(second, second_job, Stage.FETCH_DECRYPT)]


def test_a_message_that_is_just_being_published_is_left_alone(engine: Engine) -> None:
    queries.submit(engine, request())

    assert queries.unpublished(engine, timedelta(seconds=10), 10) == []


def test_unpublished_messages_come_oldest_first_and_so_many_at_a_time(engine: Engine) -> None:
    jobs = [queries.submit(engine, request())[0] for _ in range(5)]

    assert [job for _, job, _ in queries.unpublished(engine, NOW, 3)] == jobs[:3]


def test_the_same_token_again_gives_the_same_job_and_no_message(engine: Engine) -> None:
    first, _ = queries.submit(engine, request(client_token="a"))

    second, outbox_id = queries.submit(engine, request(client_token="a"))

    assert (second, outbox_id) == (first, None)
    assert (count(engine, JobRow), count(engine, OutboxRow)) == (1, 1)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"options": JobOptions(("deu",))}, id="other languages"),
        pytest.param({"options": JobOptions(formats=(OutputFormat.TEXT,))}, id="other formats"),
        pytest.param({"source": SourceRef("bucket", "uploads/a", "version-2")}, id="another version"),
        pytest.param({"source": SourceRef("bucket", "uploads/b", "version-1")}, id="another key"),
    ],
)
def test_a_token_for_another_request_is_a_conflict(changed: dict[str, object], engine: Engine) -> None:
    queries.submit(engine, request(client_token="a"))

    with pytest.raises(TokenConflict):
        queries.submit(engine, request(client_token="a", **changed))

    assert (count(engine, JobRow), count(engine, OutboxRow)) == (1, 1)


def test_tenants_do_not_share_tokens(engine: Engine) -> None:
    jobs = {queries.submit(engine, request(tenant=tenant, client_token="a"))[0] for tenant in ("one", "two")}

    assert len(jobs) == 2


def test_eight_submissions_at_once_with_one_token_are_one_job(engine: Engine) -> None:
    for token in "abcde":
        given = at_once(*(lambda: queries.submit(engine, request(client_token=token)) for _ in range(8)))  # noqa: B023

        assert len({job_id for job_id, _ in given}) == 1
        assert sum(outbox_id is not None for _, outbox_id in given) == 1
    assert (count(engine, JobRow), count(engine, OutboxRow)) == (5, 5)


def test_a_job_without_progress_ends_as_worker_lost(engine: Engine) -> None:
    job_id = job_in(engine, Stage.OCR)
    age(engine, job_id, timedelta(hours=2))

    assert queries.fail_stalled(engine, timedelta(hours=1)) == [job_id]
    assert queries.fail_stalled(engine, timedelta(hours=1)) == []

    row = row_of(engine, job_id)
    assert (row.state, row.error_code) == (JobState.FAILED, "worker_lost")
    assert row.finished_at is not None


def test_jobs_with_progress_and_jobs_that_have_ended_are_not_stalled(engine: Engine, repository: JobRepository) -> None:
    job_in(engine, Stage.OCR)
    over = job_in(engine, Stage.OCR)
    repository.fail(over, Stage.OCR, "page_timeout", "Too slow.")
    age(engine, over, timedelta(hours=2))

    assert queries.fail_stalled(engine, timedelta(hours=1)) == []


def test_the_statuses_of_many_jobs_take_as_many_statements_as_that_of_one(
    engine: Engine, repository: JobRepository
) -> None:
    # Given 200 jobs, one of them with pages and an output
    told = job_in(engine, Stage.OCR, pages=2)
    repository.checkpoint(told, [page(1, ("word", 75.0))], stored())
    repository.checkpoint(told, [page(2, ("word", 75.0))], stored())
    repository.complete(told)
    repository.record_outputs(told, [output()])
    repository.finish(told)
    many = [told, *(uuid4() for _ in range(199))]
    with engine.begin() as connection:
        rows = [
            {"id": job, "tenant": "t", "source_bucket": "b", "source_key": "k", "source_version_id": "v"}
            | {"source_size": 1, "options": JobOptions().as_dict()}
            for job in many[1:]
        ]
        connection.execute(insert(JobRow), rows)

    # When their statuses are asked for
    with counted_statements(engine) as for_one:
        queries.statuses(engine, [told])
    with counted_statements(engine) as for_all:
        found = queries.statuses(engine, [*many, uuid4()])

    # Then it takes four statements, and unknown jobs are left out
    assert len(for_all) == len(for_one) == 4
    assert set(found) == set(many)
    status = found[told]
    assert (status.state, status.pages_done, status.pages_failed) == (JobState.SUCCEEDED, 2, {})
    assert status.confidence == pytest.approx(75.0)
    assert [item.format for item in status.outputs] == [OutputFormat.TEXT]


def test_outputs_are_not_shown_before_the_job_has_ended(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.ENCRYPT_UPLOAD)
    repository.record_outputs(job_id, [output()])

    assert queries.statuses(engine, [job_id])[job_id].outputs == ()
    repository.finish(job_id)
    assert queries.statuses(engine, [job_id])[job_id].outputs == (output(),)

"""Who gets a job: one at a time, by the database's clock, and only who understands it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from ocr_platform.db.claims import ClaimTerms
from ocr_platform.db.repository import JobRepository
from ocr_platform.models import JobOptions, JobState, Stage
from ocr_platform.workflow import PROTOCOL_VERSION
from tests.integration.db.support import (
    ago,
    at_once,
    change,
    claimed,
    everything,
    expire,
    job_claimed_in,
    job_in,
    row_of,
    submitted,
)

TWENTY = range(20)


@pytest.mark.parametrize("stage", Stage)
def test_of_twenty_who_claim_a_job_at_once_one_gets_it(stage: Stage, crowd: Engine, terms: ClaimTerms) -> None:
    repository = JobRepository(crowd, terms)
    job_id = job_in(crowd, stage, pages=3)

    given = at_once(*(lambda: repository.claim(job_id, stage) for _ in TWENTY))

    (job,) = [job for job in given if job is not None]
    row = row_of(crowd, job_id)
    assert (job.fence, job.attempts) == (row.fence, row.attempts) == (1, 1)
    assert row.claims == 1


def test_of_twenty_who_claim_a_job_whose_lease_lapsed_one_gets_it(crowd: Engine, terms: ClaimTerms) -> None:
    repository = JobRepository(crowd, terms)
    lost = job_claimed_in(repository, Stage.OCR, pages=3)
    expire(crowd, lost.id)

    given = at_once(*(lambda: repository.claim(lost.id, Stage.OCR) for _ in TWENTY))

    (job,) = [job for job in given if job is not None]
    assert (job.fence, job.attempts) == (2, 2)


def test_a_claim_says_what_the_job_is(engine: Engine, repository: JobRepository) -> None:
    job_id = submitted(engine, tenant="clinic", options=JobOptions(("deu", "eng")))

    job = claimed(repository, job_id, Stage.FETCH_DECRYPT)

    assert (job.id, job.tenant, job.stage, job.options.languages) == (
        job_id, "clinic", Stage.FETCH_DECRYPT, ("deu", "eng")
    )  # fmt: skip
    assert (job.source.bucket, job.source.key, job.source.version_id) == ("bucket", "uploads/a", "version-1")
    assert (job.source_sha256, job.source_format, job.page_count) == (None, None, None)


def test_the_first_claim_starts_the_job_and_no_later_one_does(engine: Engine, repository: JobRepository) -> None:
    job_id = submitted(engine)

    repository.hand_back(claimed(repository, job_id, Stage.FETCH_DECRYPT))
    first = row_of(engine, job_id)
    claimed(repository, job_id, Stage.FETCH_DECRYPT)
    second = row_of(engine, job_id)

    assert (first.state, second.state) == (JobState.RUNNING, JobState.RUNNING)
    assert first.started_at is not None
    assert second.started_at == first.started_at
    assert second.updated_at > first.updated_at


def test_a_live_lease_refuses_everybody_and_changes_nothing(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=2)
    repository.claim_pages(job, 1)
    before = everything(engine)

    assert repository.claim(job.id, Stage.OCR) is None
    assert everything(engine) == before


def test_a_lease_that_lapsed_gives_the_job_to_the_next_under_a_higher_number(engine: Engine) -> None:
    # Given a lease that is over while the test waits for it, and no hand in the row
    repository = JobRepository(engine, ClaimTerms(lease=timedelta(seconds=0.3)))
    first = job_claimed_in(repository, Stage.OCR, pages=1)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_sleep(0.35)"))

    second = claimed(repository, first.id, Stage.OCR)

    assert first.fence is not None
    assert second.fence is not None
    assert second.fence > first.fence
    assert second.holder != first.holder


def test_a_renewed_lease_is_whole_again(engine: Engine, repository: JobRepository, terms: ClaimTerms) -> None:
    # Given a claim of job and page that has lapsed, and nobody came meanwhile
    job = job_claimed_in(repository, Stage.OCR, pages=2)
    repository.claim_pages(job, 1)
    expire(engine, job.id)

    repository.renew(job)

    lasting = terms.lease - timedelta(seconds=5)
    with engine.connect() as connection:
        jobs = connection.scalars(text("SELECT lease_until - now() FROM jobs")).all()
        pages = connection.scalars(text("SELECT lease_until - now() FROM pages ORDER BY number")).all()
    assert jobs[0] > lasting
    assert pages[0] > lasting
    assert pages[1] is None
    assert repository.claim(job.id, Stage.OCR) is None


@pytest.mark.parametrize("stage", Stage)
def test_a_message_for_another_stage_gets_nothing(stage: Stage, engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, stage, pages=1)
    before = everything(engine)

    assert all(repository.claim(job_id, other) is None for other in Stage if other is not stage)
    assert everything(engine) == before


@pytest.mark.parametrize("state", [state for state in JobState if state.terminal])
def test_a_message_for_a_job_that_has_ended_gets_nothing(
    state: JobState, engine: Engine, repository: JobRepository
) -> None:
    job_id = job_in(engine, Stage.OCR, pages=1, state=state, finished_at=ago(0))
    before = everything(engine)

    assert repository.claim(job_id, Stage.OCR) is None
    assert repository.assist(job_id) is None
    assert everything(engine) == before


def test_a_message_for_an_unknown_job_gets_nothing(repository: JobRepository) -> None:
    assert all(repository.claim(uuid4(), stage) is None for stage in Stage)
    assert repository.assist(uuid4()) is None


def test_a_job_is_not_to_be_had_before_its_next_attempt(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.FETCH_DECRYPT)
    repository.retry_later(job, lambda _: 3600)
    before = everything(engine)

    early = repository.claim(job.id, Stage.FETCH_DECRYPT)
    unchanged = everything(engine)
    change(engine, job.id, next_attempt_at=ago(1))

    assert early is None
    assert unchanged == before
    assert claimed(repository, job.id, Stage.FETCH_DECRYPT).attempts == 2


def test_a_job_of_a_newer_protocol_waits_for_newer_workers(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.OCR, pages=3, protocol=PROTOCOL_VERSION + 1)
    before = everything(engine)

    assert repository.claim(job_id, Stage.OCR) is None
    assert repository.assist(job_id) is None
    assert everything(engine) == before


def test_a_job_of_an_older_protocol_is_taken(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.OCR, pages=3, protocol=PROTOCOL_VERSION - 1)

    assert repository.claim(job_id, Stage.OCR) is not None
    assert repository.assist(job_id) is not None


def test_the_databases_clock_counts_and_not_the_workers(
    engine: Engine, repository: JobRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a worker whose clock is a day ahead: its lease would have lapsed, its next attempt would be due
    monkeypatch.setattr("time.time", lambda: 4e9)
    held = job_claimed_in(repository, Stage.OCR, pages=1)
    waiting = job_claimed_in(repository, Stage.OCR, pages=1)
    repository.retry_later(waiting, lambda _: 60)

    with engine.connect() as connection:
        query = "SELECT extract(epoch FROM greatest(lease_until, next_attempt_at) - now()) FROM jobs"
        seconds = connection.scalars(text(query)).all()

    assert all(50 < each <= 60 for each in seconds)
    assert repository.claim(held.id, Stage.OCR) is None
    assert repository.claim(waiting.id, Stage.OCR) is None


def test_a_helper_claims_pages_and_not_the_job(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.OCR, pages=3)
    before = everything(engine)

    helpers = [repository.assist(job_id) for _ in range(2)]

    assert everything(engine) == before
    assert [helper.fence for helper in helpers if helper] == [None, None]
    assert len({helper.holder for helper in helpers if helper}) == 2
    assert repository.claim(job_id, Stage.OCR) is not None


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.OCR])
def test_there_is_no_help_outside_of_recognition(stage: Stage, engine: Engine, repository: JobRepository) -> None:
    assert repository.assist(job_in(engine, stage, pages=3)) is None


def test_there_is_no_help_with_a_job_that_has_no_page_left(engine: Engine, repository: JobRepository) -> None:
    assert repository.assist(job_in(engine, Stage.OCR, pages=3, pages_left=0)) is None

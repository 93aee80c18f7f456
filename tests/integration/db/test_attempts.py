"""Attempts count what was interrupted or went wrong, and end what would go on for ever; progress forgives them."""

import pytest
from sqlalchemy import Engine

from ocr_platform.db import queries
from ocr_platform.db.claims import ClaimTerms
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.repository import JobRepository
from ocr_platform.models import DocumentFormat, Stage
from tests.integration.db.support import (
    FACTS,
    SHA256,
    ago,
    change,
    claimed,
    everything,
    expire,
    helper_of,
    job_claimed_in,
    job_in,
    output,
    page,
    row_of,
    stored,
    submitted,
)


@pytest.fixture
def terms() -> ClaimTerms:
    return ClaimTerms(max_attempts=3, max_claims=10)


def test_every_claim_counts_until_there_were_enough(engine: Engine, repository: JobRepository) -> None:
    job_id = submitted(engine)
    for attempt in (1, 2, 3):
        assert claimed(repository, job_id, Stage.FETCH_DECRYPT).attempts == attempt
        expire(engine, job_id)
    before = everything(engine)

    assert repository.claim(job_id, Stage.FETCH_DECRYPT) is None
    assert everything(engine) == before


def test_an_attempt_that_failed_counts(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.FETCH_DECRYPT)

    assert repository.retry_later(job, lambda _: 0)

    assert row_of(engine, job.id).attempts == 1
    assert claimed(repository, job.id, Stage.FETCH_DECRYPT).attempts == 2


def test_the_wait_after_a_failed_attempt_is_told_how_many_there_were(engine: Engine, repository: JobRepository) -> None:
    job_id = submitted(engine)
    told: list[int] = []

    def wait(attempts: int) -> float:
        told.append(attempts)
        return 0.0

    ends = [repository.retry_later(claimed(repository, job_id, Stage.FETCH_DECRYPT), wait) for _ in range(3)]

    # Then the last of three attempts is not followed by another, and its claim is still there to be ended
    assert told == [1, 2]
    assert ends == [True, True, False]
    assert row_of(engine, job_id).lease_until is not None


def test_the_wait_counts_from_the_last_progress(engine: Engine, repository: JobRepository) -> None:
    # Given a third and last attempt that came further than those before
    job = job_claimed_in(repository, Stage.OCR, pages=3, attempts=2)
    repository.claim_pages(job, 2)
    repository.checkpoint(job, [page(1)], stored())

    assert repository.retry_later(job, lambda _: 0)

    assert claimed(repository, job.id, Stage.OCR).attempts == 2


@pytest.mark.parametrize("wait_seconds", [None, 0.0])
def test_an_attempt_that_is_handed_back_does_not_count(
    wait_seconds: float | None, engine: Engine, repository: JobRepository
) -> None:
    job_id = submitted(engine)

    for _ in range(5):
        job = claimed(repository, job_id, Stage.FETCH_DECRYPT)
        assert job.attempts == 1
        assert repository.hand_back(job, wait_seconds)

    assert (row_of(engine, job_id).attempts, row_of(engine, job_id).claims) == (0, 5)


def test_what_the_installation_is_at_fault_for_counts_neither_as_attempt_nor_as_claim(
    engine: Engine, repository: JobRepository
) -> None:
    job_id = submitted(engine)

    for _ in range(30):
        job = claimed(repository, job_id, Stage.FETCH_DECRYPT)
        assert repository.hold(job, "key_unusable", 0.0)

    row = row_of(engine, job_id)
    assert (row.attempts, row.claims, row.held_code, row.lease_until) == (0, 0, "key_unusable", None)
    assert queries.statuses(engine, [job_id])[job_id].held_code == "key_unusable"


def test_what_a_stage_waited_for_is_known_to_it_and_forgotten_with_its_progress(
    engine: Engine, repository: JobRepository
) -> None:
    job_id = submitted(engine)
    repository.hold(claimed(repository, job_id, Stage.FETCH_DECRYPT), "key_unusable", 0.0)

    job = claimed(repository, job_id, Stage.FETCH_DECRYPT)
    assert job.held_code == "key_unusable"
    repository.record_plan(job, FACTS, SHA256, DocumentFormat.PDF, 2)
    job = claimed(repository, job_id, Stage.OCR)
    assert job.held_code is None
    repository.hold(job, "storage_denied", 0.0)
    job = claimed(repository, job_id, Stage.OCR)
    repository.claim_pages(job, 1)
    repository.checkpoint(job, [page(1)], stored())

    assert row_of(engine, job_id).held_code is None


def test_a_held_job_is_woken_when_its_time_has_come(engine: Engine, repository: JobRepository, log: ReaperLog) -> None:
    job_id = submitted(engine)
    repository.hold(claimed(repository, job_id, Stage.FETCH_DECRYPT), "key_unusable", 3600.0)
    assert log.due(10) == []

    change(engine, job_id, next_attempt_at=ago(1))

    assert [woken.job_id for woken in log.due(10)] == [job_id]


def test_a_stage_has_attempts_of_its_own(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.FETCH_DECRYPT, attempts=2)
    seen = []

    job = claimed(repository, job_id, Stage.FETCH_DECRYPT)
    repository.record_plan(job, FACTS, SHA256, DocumentFormat.PDF, 1)
    seen.append(row_of(engine, job_id).attempts)
    job = claimed(repository, job_id, Stage.OCR)
    repository.claim_pages(job, 1)
    repository.checkpoint(job, [page(1)], stored())
    seen.append(row_of(engine, job_id).attempts)
    repository.record_outputs(claimed(repository, job_id, Stage.ENCRYPT_UPLOAD), [output()])
    seen.append(row_of(engine, job_id).attempts)

    assert seen == [0, 0, 0]
    assert claimed(repository, job_id, Stage.PERSIST).attempts == 1


def test_pages_that_are_done_forgive_earlier_attempts(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=3, attempts=2)
    repository.claim_pages(job, 1)

    repository.checkpoint(job, [page(1)], stored())
    after_progress = row_of(engine, job.id).attempts
    repository.checkpoint(job, [page(1)], stored())
    repository.hand_back(job)

    # Then the claim that made progress still counts itself, and gives that back
    assert (after_progress, row_of(engine, job.id).attempts) == (1, 0)


def test_a_checkpoint_without_a_new_page_forgives_nothing(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=3, attempts=1)

    repository.checkpoint(job, [page(1)], stored())

    assert row_of(engine, job.id).attempts == 2


def test_a_helpers_progress_does_not_touch_the_attempts_of_the_job(engine: Engine, repository: JobRepository) -> None:
    # Given a job whose own worker is in its second attempt
    job = job_claimed_in(repository, Stage.OCR, pages=3, attempts=1)
    helper = helper_of(repository, job.id)
    repository.claim_pages(helper, 1)

    repository.checkpoint(helper, [page(1)], stored())

    assert row_of(engine, job.id).attempts == 2
    assert repository.hand_back(job)
    assert row_of(engine, job.id).attempts == 1


def test_claims_are_bounded_even_when_attempts_are_given_back(engine: Engine, repository: JobRepository) -> None:
    job_id = submitted(engine)
    for _ in range(10):
        repository.hand_back(claimed(repository, job_id, Stage.FETCH_DECRYPT))
    before = everything(engine)

    assert repository.claim(job_id, Stage.FETCH_DECRYPT) is None
    assert everything(engine) == before


def test_a_long_document_may_be_claimed_once_more_for_each_page(engine: Engine, repository: JobRepository) -> None:
    last = job_in(engine, Stage.OCR, pages=5, claims=14)
    spent = job_in(engine, Stage.OCR, pages=5, claims=15)

    assert repository.claim(last, Stage.OCR) is not None
    assert repository.claim(spent, Stage.OCR) is None


def test_waiting_for_others_costs_no_attempt_and_is_over_when_they_should_be(
    engine: Engine, repository: JobRepository
) -> None:
    # Given a job whose last page a helper has
    job_id = job_in(engine, Stage.OCR, pages=1)
    helper = helper_of(repository, job_id)
    repository.claim_pages(helper, 1)
    job = claimed(repository, job_id, Stage.OCR)

    assert repository.claim_pages(job, 8) == []
    repository.hand_back(job, wait_seconds=60)

    row = row_of(engine, job_id)
    assert (row.attempts, row.woken_at) == (0, None)
    assert repository.claim(job_id, Stage.OCR) is None
    change(engine, job_id, next_attempt_at=ago(1))
    assert repository.claim(job_id, Stage.OCR) is not None

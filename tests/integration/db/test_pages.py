"""The pages of a job as a queue: each is somebody's, or nobody's, and its first result counts."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, text

from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import PageRow
from ocr_platform.errors import ClaimLost
from ocr_platform.models import Progress, Stage
from tests.integration.db.support import (
    claimed,
    expire,
    failed,
    helper_of,
    in_transaction,
    job_claimed_in,
    job_in,
    page,
    pages_of,
    row_of,
    stored,
)


def test_pages_are_taken_in_order_and_so_many_at_a_time(repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=12)
    helper = helper_of(repository, job.id)

    assert repository.claim_pages(job, 5) == [1, 2, 3, 4, 5]
    assert repository.claim_pages(helper, 5) == [6, 7, 8, 9, 10]
    assert repository.claim_pages(helper_of(repository, job.id), 5) == [11, 12]
    assert repository.claim_pages(helper_of(repository, job.id), 5) == []


def test_pages_that_a_claim_holds_already_are_its_own_again(repository: JobRepository) -> None:
    # Given a batch of which only a part was done
    job = job_claimed_in(repository, Stage.OCR, pages=6)
    repository.claim_pages(job, 4)
    repository.checkpoint(job, [page(1)], stored())

    assert repository.claim_pages(job, 4) == [2, 3, 4, 5]


def test_a_checkpoint_says_what_was_new_and_what_is_left(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=4)
    repository.claim_pages(job, 4)

    assert repository.checkpoint(job, [page(1), page(2)], stored()) == Progress(2, 2, moved=False)
    assert repository.checkpoint(job, [page(2), page(3)], stored()) == Progress(1, 1, moved=False)
    assert repository.checkpoint(job, [page(1)], stored()) == Progress(0, 1, moved=False)
    assert row_of(engine, job.id).pages_left == 1


def test_the_last_page_moves_the_job_on(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=2)
    repository.claim_pages(job, 2)
    before = row_of(engine, job.id)

    assert repository.checkpoint(job, [page(1), failed(2)], stored()) == Progress(2, 0, moved=True)

    row = row_of(engine, job.id)
    assert (row.stage, row.lease_until, row.pages_left) == (Stage.ENCRYPT_UPLOAD, None, 0)
    assert row.fence > before.fence
    assert row.woken_at > before.woken_at
    assert claimed(repository, job.id, Stage.ENCRYPT_UPLOAD).page_count == 2


def test_a_helper_that_does_the_last_page_moves_the_job_on_while_its_worker_waits(
    engine: Engine, repository: JobRepository
) -> None:
    # Given a job that waits an hour for its helper
    job_id = job_in(engine, Stage.OCR, pages=1)
    helper = helper_of(repository, job_id)
    repository.claim_pages(helper, 1)
    repository.hand_back(claimed(repository, job_id, Stage.OCR), wait_seconds=3600)

    assert repository.checkpoint(helper, [page(1)], stored()).moved

    assert repository.claim(job_id, Stage.ENCRYPT_UPLOAD) is not None


def test_a_helper_that_does_the_last_page_ends_the_claim_of_the_jobs_worker(
    engine: Engine, repository: JobRepository
) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=1)
    helper = helper_of(repository, job.id)
    repository.claim_pages(helper, 1)

    repository.checkpoint(helper, [page(1)], stored())

    with pytest.raises(ClaimLost):
        repository.claim_pages(job, 1)
    with pytest.raises(ClaimLost):
        repository.renew(job)
    assert not repository.hand_back(job)
    assert row_of(engine, job.id).stage == Stage.ENCRYPT_UPLOAD


def test_a_helper_whose_job_has_moved_on_finds_its_claim_lost(repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=1)
    helper = helper_of(repository, job.id)
    repository.claim_pages(job, 1)
    repository.checkpoint(job, [page(1)], stored())

    with pytest.raises(ClaimLost):
        repository.claim_pages(helper, 1)
    with pytest.raises(ClaimLost):
        repository.checkpoint(helper, [page(1)], stored())


def test_a_page_keeps_its_figures_and_where_it_is_staged(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=3)
    repository.claim_pages(job, 3)
    first, second = stored(), stored()

    repository.checkpoint(job, [page(1, ("word", 80.0)), failed(2, "page_timeout")], first)
    repository.checkpoint(job, [page(3)], second)

    one, two, three = pages_of(engine, job.id)
    assert (one.state, one.width, one.height, one.dpi, one.words, one.letters) == ("done", 1000, 1400, 150, 1, 4)
    assert (one.confidence, one.seconds, one.error_code) == (80.0, 0.5, None)
    assert (two.state, two.error_code) == ("failed", "page_timeout")
    assert (three.state, three.words, three.confidence) == ("done", 0, 0.0)
    assert [row.holder for row in (one, two, three)] == [None] * 3
    found = {staged.key: sorted(numbers) for staged, numbers in repository.staged(job)}
    assert found == {first.key: [1, 2], second.key: [3]}


def test_the_pages_of_a_helper_that_died_are_free_after_their_lease(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=3)
    dead = helper_of(repository, job.id)
    repository.claim_pages(dead, 2)

    early = repository.claim_pages(job, 8)
    expire(engine, job.id)
    late = repository.claim_pages(job, 8)

    assert (early, late) == ([3], [1, 2, 3])


def test_the_pages_of_a_helper_that_lives_stay_its_own(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=3)
    helper = helper_of(repository, job.id)
    repository.claim_pages(helper, 2)
    expire(engine, job.id)

    repository.renew(helper)

    assert repository.claim_pages(job, 8) == [3]


def test_pages_that_a_helper_hands_back_are_free_at_once(repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=3)
    helper = helper_of(repository, job.id)
    repository.claim_pages(helper, 2)

    repository.hand_back(helper)

    assert repository.claim_pages(job, 8) == [1, 2, 3]


@pytest.mark.parametrize("end", ["hand_back", "retry_later"])
def test_pages_that_were_not_done_are_free_when_the_claim_ends(end: str, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=3)
    repository.claim_pages(job, 3)
    repository.checkpoint(job, [page(2)], stored())

    assert repository.hand_back(job) if end == "hand_back" else repository.retry_later(job, lambda _: 0)

    assert repository.claim_pages(claimed(repository, job.id, Stage.OCR), 8) == [1, 3]


def test_a_checkpoint_of_pages_that_were_taken_over_changes_nothing(engine: Engine, repository: JobRepository) -> None:
    # Given a helper that was cut off, whose pages another has taken, one of them done
    job = job_claimed_in(repository, Stage.OCR, pages=3)
    late = helper_of(repository, job.id)
    repository.claim_pages(late, 2)
    expire(engine, job.id)
    repository.renew(job)
    repository.claim_pages(job, 3)
    repository.checkpoint(job, [page(1, ("first", 90.0))], stored())
    job_before, pages_before = row_of(engine, job.id), pages_of(engine, job.id)

    progress = repository.checkpoint(late, [page(1, ("second", 10.0)), failed(2)], stored())

    job_after = row_of(engine, job.id)
    changed = {name for name, value in job_after._mapping.items() if value != job_before._mapping[name]}
    assert progress == Progress(0, 2, moved=False)
    assert pages_of(engine, job.id) == pages_before
    assert changed == {"updated_at"}


def test_a_page_that_was_never_taken_is_not_recorded(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=3)
    repository.claim_pages(job, 1)

    assert repository.checkpoint(job, [page(2), page(4), page(0)], stored()) == Progress(0, 3, moved=False)
    assert [row.state for row in pages_of(engine, job.id)] == ["pending"] * 3


def test_a_checkpoint_touches_no_other_job(engine: Engine, repository: JobRepository) -> None:
    job, other = (job_claimed_in(repository, Stage.OCR, pages=1) for _ in range(2))
    repository.claim_pages(other, 1)
    before = (row_of(engine, other.id), pages_of(engine, other.id))

    repository.claim_pages(job, 1)
    repository.checkpoint(job, [page(1)], stored())

    assert (row_of(engine, other.id), pages_of(engine, other.id)) == before
    assert repository.staged(other) == []


def test_nothing_is_staged_for_pages_that_are_pending(repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=2)
    repository.claim_pages(job, 2)

    assert repository.staged(job) == []


def test_a_checkpoint_is_progress(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=2)
    repository.claim_pages(job, 1)
    before = row_of(engine, job.id).updated_at

    repository.checkpoint(job, [page(1)], stored())

    assert row_of(engine, job.id).updated_at > before


def test_rows_that_somebody_else_has_locked_are_passed_over_and_not_waited_for(
    engine: Engine, repository: JobRepository
) -> None:
    # Given a transaction, of an operator or of a backup, that holds two pages' rows
    job = job_claimed_in(repository, Stage.OCR, pages=4)
    held = select(PageRow.number).where(PageRow.job_id == job.id, PageRow.number.in_([1, 3])).with_for_update()

    with in_transaction(engine) as foreign, engine.connect() as watch:
        foreign.execute(held)
        started = watch.scalar(text("SELECT clock_timestamp()"))
        numbers = repository.claim_pages(job, 8)
        took = watch.scalar(text("SELECT extract(epoch FROM clock_timestamp() - :started)"), {"started": started})

    assert numbers == [2, 4]
    assert took is not None
    assert took < 5  # the lock timeout is ten seconds
    assert repository.claim_pages(job, 8) == [1, 2, 3, 4]


def test_a_claim_and_a_helper_know_what_the_finished_pages_took(repository: JobRepository) -> None:
    # Given a page that took half a second, and one that failed after half a second
    job = job_claimed_in(repository, Stage.OCR, pages=3)
    repository.claim_pages(job, 2)
    repository.checkpoint(job, [page(1), replace(failed(2), seconds=0.5)], stored())
    repository.hand_back(job)

    assert job.seconds_spent == 0
    assert claimed(repository, job.id, Stage.OCR).seconds_spent == 1.0
    assert helper_of(repository, job.id).seconds_spent == 1.0

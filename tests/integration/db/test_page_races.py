"""Many workers on one document: no page is done twice or by nobody, and the job moves on once."""

import random
from uuid import UUID

import pytest
from sqlalchemy import Engine

from ocr_platform.db.claims import ClaimTerms
from ocr_platform.db.repository import JobRepository
from ocr_platform.errors import ClaimLost
from ocr_platform.models import Job, Progress, Stage
from tests.integration.db.support import (
    at_once,
    claimed,
    expire,
    helper_of,
    job_claimed_in,
    job_in,
    page,
    pages_of,
    row_of,
    stored,
)

PAGES = 60
HANDS = 8


@pytest.fixture
def workers(crowd: Engine, terms: ClaimTerms) -> JobRepository:
    """The repository with a connection for each thread."""
    return JobRepository(crowd, terms)


def work(repository: JobRepository, job: Job, seed: int) -> tuple[list[int], int]:
    """Take pages until there are none; which were recorded as new, and how often the job moved on."""
    chance = random.Random(seed)
    mine: list[int] = []
    moved = 0
    try:
        while numbers := repository.claim_pages(job, chance.randint(1, 4)):
            done = numbers[: chance.randint(1, len(numbers))]
            progress = repository.checkpoint(job, [page(number) for number in done], stored())
            assert progress.new == len(done)
            mine += done
            moved += progress.moved
    except ClaimLost:  # somebody else did the last page
        pass
    return mine, moved


@pytest.mark.parametrize("seed", range(5))
def test_a_worker_and_its_helpers_do_each_page_once_and_move_the_job_on_once(seed: int, workers: JobRepository) -> None:
    job = job_claimed_in(workers, Stage.OCR, pages=PAGES)
    hands = [job, *(helper_of(workers, job.id) for _ in range(HANDS - 1))]

    ends = at_once(*(lambda hand=hand, n=n: work(workers, hand, seed * HANDS + n) for n, hand in enumerate(hands)))

    done = sorted(number for mine, _ in ends for number in mine)
    assert done == list(range(1, PAGES + 1))
    assert sum(moved for _, moved in ends) == 1
    assert_complete(workers, job.id)


def test_a_page_is_never_in_two_hands(workers: JobRepository) -> None:
    for _ in range(10):
        job_id = job_in(workers.engine, Stage.OCR, pages=40)
        hands = [claimed(workers, job_id, Stage.OCR), *(helper_of(workers, job_id) for _ in range(11))]

        taken = at_once(*(lambda hand=hand: workers.claim_pages(hand, 3) for hand in hands))

        numbers = [number for batch in taken for number in batch]
        assert len(numbers) == len(set(numbers))


def test_pages_that_lapsed_go_to_one_of_those_who_ask_for_them(workers: JobRepository) -> None:
    for _ in range(10):
        job = job_claimed_in(workers, Stage.OCR, pages=8)
        workers.claim_pages(job, 8)
        expire(workers.engine, job.id)
        hands = [helper_of(workers, job.id) for _ in range(8)]

        taken = at_once(*(lambda hand=hand: workers.claim_pages(hand, 8) for hand in hands))

        assert sorted(number for batch in taken for number in batch) == list(range(1, 9))


@pytest.mark.parametrize("round_number", range(50))
def test_of_two_who_finish_the_last_batches_at_once_one_moves_the_job_on(
    round_number: int, workers: JobRepository
) -> None:
    # Given the last pages in the hands of a worker and of helpers
    job = job_claimed_in(workers, Stage.OCR, pages=6)
    hands = [job, helper_of(workers, job.id), helper_of(workers, job.id)][: 2 + round_number % 2]
    held = [(hand, workers.claim_pages(hand, 6 // len(hands))) for hand in hands]

    def finish(hand: Job, numbers: list[int]) -> Progress:
        return workers.checkpoint(hand, [page(number) for number in numbers], stored())

    ends = at_once(*(lambda hand=hand, numbers=numbers: finish(hand, numbers) for hand, numbers in held))

    assert [end.moved for end in ends].count(True) == 1
    assert sum(end.new for end in ends) == 6
    assert sorted(end.left for end in ends) == [6 - 6 // len(hands) * n for n in range(len(hands), 0, -1)]
    assert_complete(workers, job.id)


def test_the_same_pages_checkpointed_twice_at_once_count_once(workers: JobRepository) -> None:
    # Given an answer that was lost on its way, and a worker that sends the same again
    for _ in range(20):
        job = job_claimed_in(workers, Stage.OCR, pages=6)
        results = [page(number) for number in workers.claim_pages(job, 4)]

        ends = at_once(*(lambda: workers.checkpoint(job, results, stored()) for _ in range(3)))  # noqa: B023

        assert sorted(end.new for end in ends) == [0, 0, 4]
        assert row_of(workers.engine, job.id).pages_left == 2
        assert len(workers.staged(job)) == 1


def test_a_checkpoint_and_a_take_over_at_once_count_each_page_once(workers: JobRepository) -> None:
    # Given pages whose lease lapsed while their holder still lives
    for _ in range(20):
        job = job_claimed_in(workers, Stage.OCR, pages=5)
        late = helper_of(workers, job.id)
        numbers = workers.claim_pages(late, 4)
        expire(workers.engine, job.id)
        workers.renew(job)

        def record(late: Job = late, numbers: list[int] = numbers) -> int:
            return workers.checkpoint(late, [page(number) for number in numbers], stored()).new

        def take_over(job: Job = job) -> int:
            taken = workers.claim_pages(job, 4)
            return workers.checkpoint(job, [page(number) for number in taken], stored()).new

        new = at_once(record, take_over)

        done = [row.number for row in pages_of(workers.engine, job.id) if row.state == "done"]
        assert sum(new) == len(done)
        assert row_of(workers.engine, job.id).pages_left == 5 - len(done)


def assert_complete(repository: JobRepository, job_id: UUID) -> None:
    """All pages are done, the count says so, and the job waits for the next stage under a new number."""
    row = row_of(repository.engine, job_id)
    assert {page.state for page in pages_of(repository.engine, job_id)} == {"done"}
    assert (row.stage, row.pages_left, row.lease_until) == (Stage.ENCRYPT_UPLOAD, 0, None)
    counted = [
        n for _, numbers in repository.staged(claimed(repository, job_id, Stage.ENCRYPT_UPLOAD)) for n in numbers
    ]
    assert sorted(counted) == list(range(1, row.page_count + 1))

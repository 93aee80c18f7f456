"""A claim that is not the newest any more changes nothing, whatever its holder still tries."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text, update

from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import JobRow
from ocr_platform.errors import ClaimLost
from ocr_platform.models import DocumentFormat, Job, Stage
from tests.integration.db.support import (
    FACTS,
    SHA256,
    at_once,
    claimed,
    everything,
    everything_on,
    expire,
    helper_of,
    in_transaction,
    job_claimed_in,
    job_in,
    output,
    page,
    pages_of,
    row_of,
    stored,
    submitted,
)

Write = Callable[[JobRepository, Job], object]
LOST = "raises ClaimLost"
ROUNDS = 20


def attempt(write: Write, repository: JobRepository, job: Job) -> object:
    try:
        return write(repository, job)
    except ClaimLost:
        return LOST


WRITES: dict[str, tuple[Stage, Write, object]] = {
    "renew": (Stage.FETCH_DECRYPT, lambda repo, job: repo.renew(job), LOST),
    "renew, with pages": (Stage.OCR, lambda repo, job: repo.renew(job), LOST),
    "hand_back": (Stage.OCR, lambda repo, job: repo.hand_back(job), False),
    "hand_back, waiting": (Stage.OCR, lambda repo, job: repo.hand_back(job, 1.0), False),
    "hold": (Stage.OCR, lambda repo, job: repo.hold(job, "key_unusable", 1.0), False),
    "retry_later": (Stage.OCR, lambda repo, job: repo.retry_later(job, lambda _: 1.0), False),
    "fail": (Stage.OCR, lambda repo, job: repo.fail(job, "page_timeout", "Too slow."), False),
    "record_plan": (
        Stage.FETCH_DECRYPT, lambda repo, job: repo.record_plan(job, FACTS, SHA256, DocumentFormat.PDF, 3), False
    ),
    "claim_pages": (Stage.OCR, lambda repo, job: repo.claim_pages(job, 8), LOST),
    "checkpoint": (Stage.OCR, lambda repo, job: repo.checkpoint(job, [page(1), page(2)], stored()), LOST),
    "record_outputs": (Stage.ENCRYPT_UPLOAD, lambda repo, job: repo.record_outputs(job, [output()]), False),
    "finish": (Stage.PERSIST, lambda repo, job: repo.finish(job), None),
}  # fmt: skip


def superseded(repository: JobRepository, stage: Stage) -> tuple[Job, Job]:
    """A claim whose lease lapsed, with pages in hand, and the claim that came after it and took one of these."""
    old = job_claimed_in(repository, stage, pages=2)
    if stage is Stage.OCR:
        repository.claim_pages(old, 2)
    expire(repository.engine, old.id)
    new = claimed(repository, old.id, stage)
    if stage is Stage.OCR:
        repository.claim_pages(new, 2)
    return old, new


@pytest.mark.parametrize("name", WRITES)
def test_a_claim_that_lapsed_and_was_followed_changes_nothing(
    name: str, engine: Engine, repository: JobRepository
) -> None:
    stage, write, nothing = WRITES[name]
    old, _ = superseded(repository, stage)
    before = everything(engine)

    assert attempt(write, repository, old) == nothing
    assert everything(engine) == before


@pytest.mark.parametrize("name", WRITES)
def test_a_claim_that_was_handed_back_changes_nothing(name: str, engine: Engine, repository: JobRepository) -> None:
    stage, write, nothing = WRITES[name]
    job = job_claimed_in(repository, stage, pages=2)
    repository.hand_back(job)
    before = everything(engine)

    assert attempt(write, repository, job) == nothing
    assert everything(engine) == before


@pytest.mark.parametrize("name", WRITES)
def test_a_claim_whose_job_has_failed_changes_nothing(name: str, engine: Engine, repository: JobRepository) -> None:
    stage, write, nothing = WRITES[name]
    job = job_claimed_in(repository, stage, pages=2)
    assert repository.fail(job, "page_timeout", "Too slow.")
    before = everything(engine)

    assert attempt(write, repository, job) == nothing
    assert everything(engine) == before


@pytest.mark.parametrize("name", WRITES)
def test_the_newest_claim_does_what_an_old_one_cannot(name: str, engine: Engine, repository: JobRepository) -> None:
    stage, write, nothing = WRITES[name]
    _, new = superseded(repository, stage)
    before = everything(engine)

    assert attempt(write, repository, new) != nothing
    assert everything(engine) != before


def test_a_claim_whose_lease_lapsed_is_good_while_nobody_followed(engine: Engine, repository: JobRepository) -> None:
    # Given a worker that was cut off for longer than its lease, and nobody noticed
    job = job_claimed_in(repository, Stage.OCR, pages=1)
    repository.claim_pages(job, 1)
    expire(engine, job.id)

    progress = repository.checkpoint(job, [page(1)], stored())

    assert (progress.new, progress.left, progress.moved) == (1, 0, True)


def test_a_lost_claim_gives_back_pages_that_are_still_its_own(engine: Engine, repository: JobRepository) -> None:
    # Given that the next claim has not taken the pages: they may as well be free at once
    old = job_claimed_in(repository, Stage.OCR, pages=2)
    repository.claim_pages(old, 2)
    expire(engine, old.id)
    new = claimed(repository, old.id, Stage.OCR)
    before = row_of(engine, old.id)

    assert not repository.hand_back(old)

    assert row_of(engine, old.id) == before
    assert [row.holder for row in pages_of(engine, old.id)] == [None, None]
    assert repository.claim_pages(new, 8) == [1, 2]


def test_a_helper_never_ends_or_moves_a_job_by_itself(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.OCR, pages=2)
    helper = helper_of(repository, job_id)
    before = everything(engine)

    assert not repository.hand_back(helper)
    assert not repository.retry_later(helper, lambda _: 1)
    assert not repository.fail(helper, "internal_error", "No.")
    repository.renew(helper)

    assert everything(engine) == before


MOVES = ("record_plan", "record_outputs", "finish", "fail", "hand_back", "retry_later")


@pytest.mark.parametrize("name", MOVES)
def test_a_claim_ends_once(name: str, engine: Engine, repository: JobRepository) -> None:
    # Given a claim that two threads of a worker end in the same moment
    stage, write, _ = WRITES[name]
    for _ in range(ROUNDS):
        job = job_claimed_in(repository, stage, pages=2)

        won = at_once(*(lambda: bool(write(repository, job)) for _ in range(2)))  # noqa: B023

        assert sorted(won) == [False, True]


@pytest.mark.parametrize("name", ["record_plan", "record_outputs", "finish", "hand_back"])
def test_a_job_that_fails_while_it_moves_on_does_one_or_the_other(
    name: str, engine: Engine, repository: JobRepository
) -> None:
    stage, write, _ = WRITES[name]
    for _ in range(ROUNDS):
        job = job_claimed_in(repository, stage, pages=2)

        moved, ended = at_once(
            lambda: bool(write(repository, job)),  # noqa: B023
            lambda: repository.fail(job, "storage_denied", "No."),  # noqa: B023
        )

        assert moved is not ended
        assert (row_of(engine, job.id).error_code == "storage_denied") is ended


def test_a_plan_moves_the_job_on_and_queues_its_pages(engine: Engine, repository: JobRepository) -> None:
    job = claimed(repository, submitted(engine), Stage.FETCH_DECRYPT)

    assert repository.record_plan(job, FACTS, SHA256, DocumentFormat.TIFF, 300)

    following = claimed(repository, job.id, Stage.OCR)
    assert (following.source_sha256, following.source_format, following.page_count) == (
        SHA256, DocumentFormat.TIFF, 300
    )  # fmt: skip
    assert row_of(engine, job.id).pages_left == 300
    assert [(row.number, row.state) for row in pages_of(engine, job.id)] == [(n, "pending") for n in range(1, 301)]


def test_a_failure_says_why(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=1)

    assert repository.fail(job, "page_timeout", "Too slow.")

    row = row_of(engine, job.id)
    assert (row.state, row.error_code, row.error_message) == ("failed", "page_timeout", "Too slow.")
    assert (row.lease_until, row.cleaned) == (None, False)
    assert row.finished_at is not None


@pytest.mark.parametrize("end", ["record_plan", "record_outputs", "hand_back", "checkpoint"])
def test_a_hand_over_is_taken_in_turn_by_whoever_comes_with_its_message(
    end: str, engine: Engine, repository: JobRepository
) -> None:
    # Given a claim that ends, and the message that its worker sends then
    stage, write, _ = WRITES[end]
    job = job_claimed_in(repository, stage, pages=2)
    if stage is Stage.OCR:
        repository.claim_pages(job, 2)
    write(repository, job)
    following = Stage(row_of(engine, job.id).stage)

    claimed(repository, job.id, following, job.hand_over(following).wake)

    assert row_of(engine, job.id).in_turn is True


@pytest.mark.parametrize("name", [name for name in WRITES if name != "claim_pages"])
def test_a_write_that_waited_while_another_took_the_job_changes_nothing(
    name: str, engine: Engine, repository: JobRepository
) -> None:
    # Given the next claim in a transaction that is not committed yet, and the old one's write, which waits for it
    stage, write, nothing = WRITES[name]
    job = job_claimed_in(repository, stage, pages=2)
    if name == "checkpoint":
        repository.claim_pages(job, 2)
    with ThreadPoolExecutor(1) as pool, in_transaction(engine) as taking:
        taking.execute(update(JobRow).values(fence=JobRow.fence + 1))
        late = pool.submit(attempt, write, repository, job)
        wait_for_a_lock(engine)

        # When that is committed
        committed = everything_on(taking)
        taking.commit()

    assert late.result() == nothing
    assert everything(engine) == committed


def wait_for_a_lock(engine: Engine) -> None:
    """Return when a connection of this database waits for a row that another has locked."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity)")
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        with engine.connect() as connection:
            if connection.scalar(waiting):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")

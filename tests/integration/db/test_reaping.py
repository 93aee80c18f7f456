"""What the reaper finds: what is lost or due, nothing else, and each of it once."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from ocr_platform.db.claims import ClaimTerms
from ocr_platform.db.reaping import ReaperLog, Woken
from ocr_platform.db.repository import JobRepository
from ocr_platform.models import JobState, Stage
from tests.integration.db.support import (
    PATIENCE,
    ago,
    at_once,
    change,
    claimed,
    everything,
    expire,
    helper_of,
    in_transaction,
    job_claimed_in,
    job_in,
    row_of,
    submitted,
)

LONG_AGO = 3600.0
Find = Callable[[ReaperLog, int], list[Woken]]

FINDS: dict[str, Find] = {
    "lost": lambda log, limit: log.lost(limit),
    "due": lambda log, limit: log.due(limit),
    "unclaimed": lambda log, limit: log.unclaimed(list(Stage), PATIENCE, limit, queue_is_empty=True),
}


@pytest.fixture
def terms() -> ClaimTerms:
    return ClaimTerms(max_attempts=3, max_claims=10)


def found_by(name: str, repository: JobRepository, **values: object) -> UUID:
    """A job that the reaper is to find."""
    job_id = job_in(repository.engine, Stage.OCR, pages=4, **values)
    if name == "lost":
        change(repository.engine, job_id, lease_until=ago(1), attempts=values.get("attempts", 1))
    elif name == "due":
        change(repository.engine, job_id, woken_at=None, next_attempt_at=ago(1))
    else:
        change(repository.engine, job_id, woken_at=ago(LONG_AGO))
    return job_id


def bystanders(repository: JobRepository, name: str) -> None:
    """Jobs of all kinds in which the reaper has no business."""
    engine = repository.engine
    submitted(engine)  # waits, and has just been sent
    job_claimed_in(repository, Stage.OCR, pages=3, woken_at=ago(LONG_AGO))  # a worker has it
    later = job_claimed_in(repository, Stage.OCR, pages=3)
    repository.retry_later(later, lambda _: 3600)
    for state in (JobState.SUCCEEDED, JobState.PARTIAL, JobState.FAILED, JobState.CANCELLED):
        job_in(engine, Stage.PERSIST, state=state, finished_at=ago(LONG_AGO), woken_at=ago(LONG_AGO))
    job_in(engine, Stage.OCR, state=JobState.FAILED, finished_at=ago(1), woken_at=None, next_attempt_at=ago(1))
    for other in set(FINDS) - {name}:
        found_by(other, repository)


@pytest.mark.parametrize("name", FINDS)
def test_what_is_found_is_woken_under_a_new_number_and_only_that(
    name: str, engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    bystanders(repository, name)
    before = everything(engine)
    job_id = found_by(name, repository)
    wanted = row_of(engine, job_id)

    (woken,) = FINDS[name](log, 100)

    assert (woken.job_id, woken.tenant, woken.stage) == (job_id, "default", Stage.OCR)
    assert (woken.pages_left, woken.attempts, woken.spent) == (4, wanted.attempts, False)
    row = row_of(engine, job_id)
    assert (row.state, row.stage, row.lease_until, row.fence) == ("running", Stage.OCR, None, wanted.fence + 1)
    assert (row.attempts, row.claims, row.error_code, row.finished_at) == (wanted.attempts, wanted.claims, None, None)
    assert row.woken_at > wanted.updated_at
    after = everything(engine)
    assert {name: set(rows) - set(after[name]) for name, rows in before.items()} == {name: set() for name in before}
    assert repository.claim(job_id, Stage.OCR) is not None


@pytest.mark.parametrize("name", FINDS)
def test_what_was_found_is_not_found_again(
    name: str, engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    found_by(name, repository)
    FINDS[name](log, 100)
    before = everything(engine)

    assert [find(log, 100) for find in FINDS.values()] == [[], [], []]
    assert everything(engine) == before


@pytest.mark.parametrize("name", FINDS)
def test_two_reapers_at_once_never_wake_the_same_job(name: str, crowd: Engine, terms: ClaimTerms) -> None:
    repository, log = JobRepository(crowd, terms), ReaperLog(crowd, terms)
    wanted = {found_by(name, repository) for _ in range(60)}

    given = at_once(*(lambda: [woken for _ in range(8) for woken in FINDS[name](log, 10)] for _ in range(4)))

    found = [woken.job_id for each in given for woken in each]
    assert len(found) == len(set(found)) == 60
    assert set(found) == wanted
    assert {row_of(crowd, job_id).fence for job_id in wanted} == {1}


@pytest.mark.parametrize("name", FINDS)
def test_a_round_is_bounded_and_takes_the_oldest(name: str, repository: JobRepository, log: ReaperLog) -> None:
    jobs = [found_by(name, repository) for _ in range(5)]
    column = {"lost": "lease_until", "due": "next_attempt_at", "unclaimed": "woken_at"}[name]
    for age, job_id in enumerate(jobs):
        change(repository.engine, job_id, **{column: ago(100 + age)})

    first, second = FINDS[name](log, 3), FINDS[name](log, 3)

    assert {woken.job_id for woken in first} == set(jobs[2:])
    assert {woken.job_id for woken in second} == set(jobs[:2])


@pytest.mark.parametrize(
    ("values", "spent"),
    [
        pytest.param({"attempts": 2}, False, id="one attempt is left"),
        pytest.param({"attempts": 3}, True, id="no attempt is left"),
        pytest.param({"claims": 13}, False, id="one claim is left"),
        pytest.param({"claims": 14}, True, id="no claim is left"),
    ],
)
@pytest.mark.parametrize("name", FINDS)
def test_what_used_up_its_attempts_fails_instead(
    values: dict[str, int], spent: bool, name: str, engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    # Given three attempts, and ten claims beside one for each of four pages
    job_id = found_by(name, repository, **values)

    (woken,) = FINDS[name](log, 10)

    row = row_of(engine, job_id)
    assert (woken.job_id, woken.spent) == (job_id, spent)
    assert row.state == ("failed" if spent else "running")
    assert row.error_code == ("worker_lost" if spent else None)
    assert (row.finished_at is not None) is spent
    assert row.lease_until is None
    assert (repository.claim(job_id, Stage.OCR) is None) is spent


def test_a_job_that_is_lost_again_and_again_is_claimed_as_often_as_is_allowed(
    engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    job_id = job_in(engine, Stage.OCR, pages=1)
    ends = []

    for _ in range(3):
        claimed(repository, job_id, Stage.OCR)
        expire(engine, job_id)
        ends += [woken.spent for woken in log.lost(10)]

    assert ends == [False, False, True]


def test_a_claim_that_was_found_lost_can_do_nothing_more(
    engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    job = job_claimed_in(repository, Stage.ENCRYPT_UPLOAD, pages=0)
    expire(engine, job.id)
    log.lost(10)
    before = everything(engine)

    assert not repository.record_outputs(job, [])
    assert not repository.hand_back(job)
    assert everything(engine) == before


def test_a_job_that_waits_for_a_helper_that_died_is_due_when_the_helpers_pages_are_free(
    engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    job_id = job_in(engine, Stage.OCR, pages=1)
    repository.claim_pages(helper_of(repository, job_id), 1)
    job = claimed(repository, job_id, Stage.OCR)
    repository.hand_back(job, wait_seconds=3600)

    early = log.due(10)
    expire(engine, job_id)
    change(engine, job_id, next_attempt_at=ago(0))

    assert early == []
    assert [woken.job_id for woken in log.due(10)] == [job_id]
    assert repository.claim_pages(claimed(repository, job_id, Stage.OCR), 8) == [1]


def test_a_job_that_somebody_has_locked_is_passed_over(
    engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    held, other = (found_by("lost", repository) for _ in range(2))

    with in_transaction(engine) as foreign:
        foreign.execute(text("SELECT id FROM jobs WHERE id = :id FOR UPDATE"), {"id": held})
        first = log.lost(10)

    assert [woken.job_id for woken in first] == [other]
    assert [woken.job_id for woken in log.lost(10)] == [held]


def test_failed_jobs_are_looked_after_once_when_no_worker_can_write_any_more(engine: Engine, log: ReaperLog) -> None:
    age = timedelta(minutes=10)
    ended = [
        job_in(engine, Stage.OCR, state=JobState.FAILED, finished_at=ago(seconds), tenant="clinic")
        for seconds in (700, 900, 800, 500)
    ]
    job_in(engine, Stage.OCR, state=JobState.FAILED, finished_at=ago(900), cleaned=True)
    job_in(engine, Stage.OCR, pages=1)
    job_in(engine, Stage.PERSIST, state=JobState.SUCCEEDED, finished_at=ago(900))

    first = log.uncleaned(age, 2)
    for job_id, _ in first:
        log.cleaned(job_id)

    assert first == [(ended[1], "clinic"), (ended[2], "clinic")]
    assert log.uncleaned(age, 10) == [(ended[0], "clinic")]
    assert [row_of(engine, job_id).cleaned for job_id in ended] == [False, True, True, False]


def test_messages_in_the_outbox_come_oldest_first_and_so_many_at_a_time(engine: Engine, log: ReaperLog) -> None:
    jobs = [submitted(engine) for _ in range(5)]

    assert [job_id for _, job_id, _ in log.unpublished(timedelta(0), 3)] == jobs[:3]
    assert log.unpublished(timedelta(seconds=10), 10) == []


def test_a_postponed_message_is_in_the_outbox_with_its_stage(
    engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    job_id = job_in(engine, Stage.ENCRYPT_UPLOAD, pages=0)

    repository.postpone(job_id, Stage.ENCRYPT_UPLOAD)

    found = [(job, stage) for _, job, stage in log.unpublished(timedelta(0), 10)]
    assert found == [(job_id, Stage.FETCH_DECRYPT), (job_id, Stage.ENCRYPT_UPLOAD)]


def test_jobs_are_told_by_their_states_and_unknown_ones_are_left_out(engine: Engine, log: ReaperLog) -> None:
    waiting, running = submitted(engine), job_in(engine, Stage.PERSIST, pages=1)
    ended = job_in(engine, Stage.PERSIST, state=JobState.SUCCEEDED, finished_at=ago(1))

    assert log.states([waiting, running, ended, UUID(int=7)]) == {
        waiting: JobState.QUEUED,
        running: JobState.RUNNING,
        ended: JobState.SUCCEEDED,
    }
    assert log.states([]) == {}


def test_the_record_of_rounds_is_one_row(engine: Engine, log: ReaperLog) -> None:
    log.record_round("one:1", 0.25, {"lost": 2})
    log.record_round("two:2", 0.5, {"due": 1})

    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, seconds, figures, now() - round_at AS age FROM reaper")).all()
    assert [tuple(row)[:3] for row in rows] == [("two:2", 0.5, {"due": 1})]
    assert rows[0].age < timedelta(seconds=5)

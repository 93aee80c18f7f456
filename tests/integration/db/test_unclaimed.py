"""Whose message is lost: who waits while the queue is empty, or while later ones were taken."""

from uuid import UUID

import pytest
from sqlalchemy import Engine

from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.repository import JobRepository
from ocr_platform.models import Stage
from tests.integration.db.support import (
    PATIENCE,
    ago,
    claimed,
    expire,
    job_claimed_in,
    job_in,
    row_of,
)

LONG_AGO = 3600.0
IO_STAGES = (Stage.FETCH_DECRYPT, Stage.ENCRYPT_UPLOAD, Stage.PERSIST)


def unclaimed(log: ReaperLog, *, queue_is_empty: bool, stages: tuple[Stage, ...] = (Stage.OCR,)) -> list[UUID]:
    found = log.unclaimed(stages, PATIENCE, 100, queue_is_empty=queue_is_empty)
    return [woken.job_id for woken in found]


def test_with_an_empty_queue_every_job_that_waits_longer_than_patience_has_lost_its_message(
    engine: Engine, log: ReaperLog
) -> None:
    old = job_in(engine, Stage.OCR, pages=1, woken_at=ago(31))
    job_in(engine, Stage.OCR, pages=1, woken_at=ago(25))
    job_in(engine, Stage.FETCH_DECRYPT, woken_at=ago(LONG_AGO))

    assert unclaimed(log, queue_is_empty=True) == [old]


def test_with_messages_in_the_queue_a_job_that_was_overtaken_has_lost_its_own(
    engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    # Given that the newest job which a worker has was sent 100 seconds ago, and patience of 30
    job_claimed_in(repository, Stage.OCR, pages=1, woken_at=ago(500))
    job_claimed_in(repository, Stage.OCR, pages=1, woken_at=ago(100))
    overtaken = job_in(engine, Stage.OCR, pages=1, woken_at=ago(131))
    job_in(engine, Stage.OCR, pages=1, woken_at=ago(129))
    job_in(engine, Stage.OCR, pages=1, woken_at=ago(50))

    assert unclaimed(log, queue_is_empty=False) == [overtaken]


def test_with_messages_in_the_queue_and_no_worker_nobody_was_overtaken(engine: Engine, log: ReaperLog) -> None:
    # Given a backlog with all workers away
    job_in(engine, Stage.OCR, pages=1, woken_at=ago(LONG_AGO))

    assert unclaimed(log, queue_is_empty=False) == []


def test_a_claim_that_is_lost_overtakes_nobody(engine: Engine, repository: JobRepository, log: ReaperLog) -> None:
    lost = job_claimed_in(repository, Stage.OCR, pages=1, woken_at=ago(100))
    expire(engine, lost.id)
    job_in(engine, Stage.OCR, pages=1, woken_at=ago(LONG_AGO))

    assert unclaimed(log, queue_is_empty=False) == []


def test_a_queue_is_judged_by_its_own_stages(engine: Engine, repository: JobRepository, log: ReaperLog) -> None:
    # Given a backlog in one queue, and another that is served at once
    job_claimed_in(repository, Stage.PERSIST, pages=1, woken_at=ago(40))
    waiting = job_in(engine, Stage.OCR, pages=1, woken_at=ago(LONG_AGO))
    overtaken = job_in(engine, Stage.ENCRYPT_UPLOAD, pages=1, woken_at=ago(LONG_AGO))

    assert unclaimed(log, queue_is_empty=False) == []
    assert unclaimed(log, queue_is_empty=False, stages=IO_STAGES) == [overtaken]
    assert row_of(engine, waiting).fence == 0


@pytest.mark.parametrize("wake", [None, 1, 7])
def test_a_claim_by_another_message_than_the_newest_overtakes_nobody(
    wake: int | None, engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    # Given a job that was sent again just now, at fence 2, and is claimed by an older message, or one that says nothing
    job_claimed_in(repository, Stage.OCR, pages=1, fence=2, wake=wake)
    job_in(engine, Stage.OCR, pages=1, woken_at=ago(LONG_AGO))

    assert unclaimed(log, queue_is_empty=False) == []


def test_a_claim_by_the_newest_message_overtakes_however_often_the_job_was_sent(
    engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    job_claimed_in(repository, Stage.OCR, pages=1, fence=2, wake=2)
    overtaken = job_in(engine, Stage.OCR, pages=1, woken_at=ago(LONG_AGO))

    assert unclaimed(log, queue_is_empty=False) == [overtaken]


def test_an_older_claim_in_turn_counts_no_more_when_a_later_one_is_not(
    engine: Engine, repository: JobRepository, log: ReaperLog
) -> None:
    # Given a job that had its turn, went to the queue's end, and is taken by a message that came twice
    first = job_claimed_in(repository, Stage.OCR, pages=9)
    repository.hand_back(first)
    claimed(repository, first.id, Stage.OCR, wake=0)
    job_in(engine, Stage.OCR, pages=1, woken_at=ago(LONG_AGO))

    assert unclaimed(log, queue_is_empty=False) == []

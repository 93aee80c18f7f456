"""Messages that Redis lost are told from those that wait: by an empty queue, and by who was overtaken."""

from typing import TYPE_CHECKING

import redis
from sqlalchemy import Engine, text

from ocr_platform.db.repository import JobRepository
from ocr_platform.models import Stage
from ocr_platform.worker.reaper import Reaper
from ocr_platform.workflow import publish
from tests.integration.db.support import ago, claimed, job_in, row_of, submitted
from tests.integration.worker.conftest import MakeRuntime
from tests.integration.worker.support import HOUR, NOTHING, age_outbox, figures, waiting

if TYPE_CHECKING:
    pass

Broker = redis.Redis


def test_messages_that_redis_lost_are_sent_again(
    reaper: Reaper, repository: JobRepository, broker: Broker, make_runtime: MakeRuntime
) -> None:
    # Given jobs whose messages are in Redis, and a Redis that comes back empty
    engine = repository.engine
    jobs = {stage: job_in(engine, stage, pages=1, woken_at=ago(HOUR)) for stage in Stage}
    for stage, job_id in jobs.items():
        publish(make_runtime().app, stage, job_id)
    reaper.round()
    before = waiting(broker)
    broker.flushall()

    reaper.round()

    assert {queue: set(found) for queue, found in waiting(broker).items()} == {
        queue: set(found) for queue, found in before.items()
    }
    assert set(before["ocr.cpu"]) == {jobs[Stage.OCR]}
    assert figures(engine) == {"unclaimed": 4}


def test_messages_that_redis_lost_are_sent_once(reaper: Reaper, repository: JobRepository, broker: Broker) -> None:
    job_id = job_in(repository.engine, Stage.OCR, pages=1, woken_at=ago(HOUR))

    for _ in range(3):
        reaper.round()
        broker.delete("ocr.cpu")  # no sooner than patience allows: a message may be on its way
    broker.flushall()

    assert row_of(repository.engine, job_id).fence == 1


def test_a_backlog_is_no_loss(
    reaper: Reaper, repository: JobRepository, broker: Broker, make_runtime: MakeRuntime
) -> None:
    jobs = [job_in(repository.engine, Stage.OCR, pages=1, woken_at=ago(HOUR)) for _ in range(3)]
    for job_id in jobs:
        publish(make_runtime().app, Stage.OCR, job_id)

    for _ in range(3):
        reaper.round()

    assert waiting(broker) == NOTHING | {"ocr.cpu": jobs}


def test_a_message_that_came_twice_makes_nobody_else_look_lost(
    reaper: Reaper, repository: JobRepository, broker: Broker, make_runtime: MakeRuntime
) -> None:
    # Given a backlog of ten minutes, and the first job's message there twice: a hand-over whose answer was lost is
    # in Redis and in the outbox
    app = make_runtime().app
    first, *others = [job_in(repository.engine, Stage.OCR, pages=40, woken_at=ago(600 - n)) for n in range(5)]
    for job_id in (first, first, *others):
        publish(app, Stage.OCR, job_id, wake=0)

    # When the first job had its time slice, went to the queue's end, and is taken by its second message
    broker.rpop("ocr.cpu")
    repository.hand_back(claimed(repository, first, Stage.OCR, wake=0))
    publish(app, Stage.OCR, first, wake=2)
    broker.rpop("ocr.cpu")
    claimed(repository, first, Stage.OCR, wake=0)
    reaper.round()

    # Then nobody has been overtaken: all messages stand where they stood, once
    assert waiting(broker)["ocr.cpu"] == [*others, first]


def test_a_message_that_was_lost_in_a_backlog_is_sent_again(
    reaper: Reaper, repository: JobRepository, broker: Broker, make_runtime: MakeRuntime
) -> None:
    # Given that the second of five lost its message, and the queue has been served beyond it
    app = make_runtime().app
    jobs = [job_in(repository.engine, Stage.OCR, pages=1, woken_at=ago(600 - 50 * n)) for n in range(5)]
    for job_id in (jobs[3], jobs[4]):
        publish(app, Stage.OCR, job_id, wake=0)
    for job_id in (jobs[0], jobs[2]):
        claimed(repository, job_id, Stage.OCR, wake=0)

    reaper.round()

    assert waiting(broker)["ocr.cpu"] == [jobs[3], jobs[4], jobs[1]]


def test_a_job_that_was_just_sent_is_left_alone(reaper: Reaper, engine: Engine, broker: Broker) -> None:
    job_id = submitted(engine)

    reaper.round()

    assert waiting(broker) == NOTHING
    assert row_of(engine, job_id).fence == 0
    assert figures(engine) == {}


def test_messages_in_the_outbox_are_published_and_forgotten(
    reaper: Reaper, repository: JobRepository, broker: Broker
) -> None:
    engine = repository.engine
    new = submitted(engine)
    moved = job_in(engine, Stage.OCR, pages=1)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM outbox WHERE job_id = :id"), {"id": moved})
    repository.postpone(moved, Stage.OCR)
    reaper.round()
    early = waiting(broker)
    age_outbox(engine)

    reaper.round()

    assert early == NOTHING
    assert waiting(broker) == NOTHING | {"ocr.io": [new], "ocr.cpu": [moved]}
    assert figures(engine) == {"outbox": 2}
    reaper.round()
    assert waiting(broker) == NOTHING | {"ocr.io": [new], "ocr.cpu": [moved]}


def test_a_lost_queue_is_made_anew_in_one_round_however_long_it_was(
    reaper: Reaper, repository: JobRepository, broker: redis.Redis
) -> None:
    # Given more jobs than one statement wakes, at two stages of the queue, and a Redis that forgot them
    jobs = {job_in(repository.engine, stage, pages=1) for stage in (Stage.FETCH_DECRYPT, Stage.PERSIST) for _ in (1, 2)}
    many = text("""
        INSERT INTO jobs (id, tenant, source_bucket, source_key, source_version_id, source_size, options)
        SELECT gen_random_uuid(), tenant, source_bucket, source_key, source_version_id, source_size, options
        FROM jobs, generate_series(1, 300)
    """)
    with repository.engine.begin() as connection:
        connection.execute(many)
        connection.execute(text("UPDATE jobs SET woken_at = now() - interval '1 hour'"))

    reaper.round()

    published = waiting(broker)["ocr.io"]
    assert len(published) == len(set(published)) == 4 * 301
    assert jobs <= set(published)
    reaper.round()
    assert len(waiting(broker)["ocr.io"]) == 4 * 301

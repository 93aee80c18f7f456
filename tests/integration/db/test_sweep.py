"""What beat has done: messages that Redis did not take are published once it does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import redis
from sqlalchemy import Engine, func, select, update

from ocr_platform.db import queries
from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import JobRow, OutboxRow
from ocr_platform.local.servers import HOST
from ocr_platform.models import JobState, Stage
from ocr_platform.runtime import Runtime
from ocr_platform.worker.sweep import sweep
from tests.conftest import Servers
from tests.integration.db.support import job_in, request, row_of


@contextmanager
def running(database: Servers, **changed: str) -> Iterator[Runtime]:
    runtime = Runtime(database.settings(**changed))
    try:
        yield runtime
    finally:
        runtime.close()


def age(engine: Engine, table: type[OutboxRow | JobRow], by: timedelta) -> None:
    column = "created_at" if table is OutboxRow else "updated_at"
    with engine.begin() as connection:
        connection.execute(update(table).values({column: func.now() - by}))


def waiting(database: Servers, queue: str) -> list[str]:
    """Tasks that wait in a queue; they are taken out."""
    login = database.redis_login
    with redis.Redis(HOST, database.redis_port, username=login.user, password=login.password) as connection:
        messages = connection.lrange(queue, 0, -1)
        connection.delete(queue)
    return [json.loads(message)["headers"]["task"] for message in messages]


def outbox(engine: Engine) -> list[UUID]:
    with engine.begin() as connection:
        return list(connection.scalars(select(OutboxRow.job_id)))


def test_messages_that_were_left_are_published_and_forgotten(database: Servers, engine: Engine) -> None:
    JobRepository(engine).postpone(job_in(engine, Stage.ENCRYPT_UPLOAD), Stage.ENCRYPT_UPLOAD)
    age(engine, OutboxRow, timedelta(minutes=1))

    with running(database) as runtime:
        sweep(runtime)

    assert sorted(waiting(database, "ocr.io")) == ["ocr_platform.encrypt_upload", "ocr_platform.fetch_decrypt"]
    assert outbox(engine) == []


def test_a_message_that_is_just_being_published_is_left_alone(database: Servers, engine: Engine) -> None:
    job_id, _ = queries.submit(engine, request())

    with running(database) as runtime:
        sweep(runtime)

    assert waiting(database, "ocr.io") == []
    assert outbox(engine) == [job_id]


def test_jobs_that_stand_still_are_failed(database: Servers, engine: Engine) -> None:
    job_id = job_in(engine, Stage.OCR)
    age(engine, JobRow, timedelta(hours=1))

    with running(database, OCR_STALLED_SECONDS="60") as runtime:
        sweep(runtime)

    row = row_of(engine, job_id)
    assert (row.state, row.error_code) == (JobState.FAILED, "worker_lost")
    assert row.finished_at is not None

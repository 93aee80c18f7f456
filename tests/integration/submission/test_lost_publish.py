"""A crash, or a Redis that is down, between commit and publish: the outbox keeps the message for the reaper."""

from collections.abc import Iterator

import pytest
import redis
from sqlalchemy import Engine, func, text, update
from sqlalchemy.orm import Session

from ocr_platform import Client
from ocr_platform.db.tables import OutboxRow
from ocr_platform.models import JobState
from ocr_platform.runtime import Runtime
from ocr_platform.worker.reaper import Reaper
from tests.conftest import Servers
from tests.integration.submission.support import published, stored

Broker = redis.Redis


@pytest.fixture
def cut_off(database: Servers) -> Iterator[Client]:
    """A client on whose Redis port nobody listens."""
    made = Client(database.settings(REDIS_PORT="1"))
    yield made
    made.close()


def reap(database: Servers, engine: Engine) -> None:
    """A round of the reaper a minute later."""
    with engine.begin() as connection:
        connection.execute(update(OutboxRow).values(created_at=func.now() - text("interval '1 minute'")))
    runtime = Runtime(database.settings())
    Reaper(runtime).round()
    runtime.close()


def test_a_submission_succeeds_without_redis_and_its_message_follows(
    cut_off: Client, source: str, app_engine: Engine, broker: Broker, database: Servers
) -> None:
    job_id = cut_off.submit(source)

    assert cut_off.status(job_id).state is JobState.QUEUED
    assert stored(app_engine)[:2] == (1, 1)
    reap(database, app_engine)
    assert stored(app_engine)[:2] == (1, 0)
    assert published(broker) == [job_id]


def test_a_transaction_commits_without_redis_and_its_message_follows(
    cut_off: Client, source: str, app_engine: Engine, broker: Broker, database: Servers
) -> None:
    with Session(app_engine) as own:
        job_id = cut_off.submit(source, session=own)
        own.commit()

    assert stored(app_engine)[:2] == (1, 1)
    reap(database, app_engine)
    assert published(broker) == [job_id]


def test_a_process_that_dies_after_its_commit_leaves_the_message_in_the_outbox(
    client: Client, source: str, app_engine: Engine, broker: Broker, database: Servers
) -> None:
    # Given a transaction that committed in the server, and a client that never heard of it
    with Session(app_engine) as own:
        job_id = client.submit(source, session=own)
        own.connection().connection.dbapi_connection.commit()  # type: ignore[union-attr]
        own.rollback()

    assert (stored(app_engine)[:2], published(broker)) == ((1, 1), [])
    reap(database, app_engine)
    assert published(broker) == [job_id]


def test_a_commit_that_succeeded_never_looks_as_if_it_had_failed(
    client: Client, source: str, app_engine: Engine, broker: Broker
) -> None:
    # Given a database that does not let the application remove what it published
    with app_engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$BEGIN RAISE EXCEPTION 'not allowed'; END$$"
            )
        )
        connection.execute(text("CREATE TRIGGER refuse BEFORE DELETE ON outbox EXECUTE FUNCTION refuse()"))

    with Session(app_engine) as own:
        job_id = client.submit(source, session=own)
        own.commit()
    alone = client.submit(source)

    assert stored(app_engine)[:2] == (2, 2)
    assert published(broker) == [job_id, alone]

"""Savepoints of an application: a job goes with the one that it was submitted in."""

import redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ocr_platform import Client
from tests.integration.submission.support import published, stored

Broker = redis.Redis


def test_a_savepoint_that_is_released_is_published_by_the_outer_commit(
    client: Client, source: str, own: Session, broker: Broker
) -> None:
    with own.begin_nested():
        job_id = client.submit(source, session=own)
    before = published(broker)

    own.commit()

    assert before == []
    assert published(broker) == [job_id]


def test_a_savepoint_that_is_released_goes_with_the_outer_rollback(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    with own.begin_nested():
        client.submit(source, session=own)

    own.rollback()

    assert stored(app_engine) == (0, 0, 0)
    assert published(broker) == []


def test_a_savepoint_that_is_rolled_back_takes_its_job_along_and_no_other(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    kept = client.submit(source, session=own)
    savepoint = own.begin_nested()
    client.submit(source, session=own)
    savepoint.rollback()
    after = client.submit(source, session=own)

    own.commit()

    assert stored(app_engine)[:2] == (2, 0)
    assert published(broker) == [kept, after]


def test_a_savepoint_in_a_savepoint_goes_with_the_outer_one(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    outer = own.begin_nested()
    with own.begin_nested():
        client.submit(source, session=own)
    outer.rollback()

    own.commit()

    assert stored(app_engine)[:2] == (0, 0)
    assert published(broker) == []


def test_an_inner_savepoint_that_is_rolled_back_leaves_the_outer_ones_job(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    with own.begin_nested():
        job_id = client.submit(source, session=own)
        own.begin_nested().rollback()

    own.commit()

    assert stored(app_engine)[:2] == (1, 0)
    assert published(broker) == [job_id]

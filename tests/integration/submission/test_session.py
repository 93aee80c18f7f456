"""Submission inside an application's SQLAlchemy transaction: with it or not at all, and published after it."""

import pytest
import redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from ocr_platform import Client
from ocr_platform.errors import SourceMissing, TokenConflict
from tests.integration.submission.support import Invoice, published, stored

EVENTS = ("after_commit", "after_rollback", "after_soft_rollback", "after_transaction_end", "after_begin")
Broker = redis.Redis


def listeners(session: Session) -> int:
    """How many functions wait for events of this session."""
    return sum(len(list(getattr(session.dispatch, name))) for name in EVENTS)


def test_a_job_is_there_and_published_once_the_transaction_commits(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    job_id = client.submit(source, session=own)
    own.add(Invoice(ocr_job=job_id))
    own.flush()
    before = (stored(app_engine), published(broker))

    own.commit()

    assert before == ((0, 0, 0), [])
    assert stored(app_engine) == (1, 0, 1)
    assert published(broker) == [job_id]


def test_a_block_that_begins_and_commits_publishes(
    client: Client, source: str, app_engine: Engine, broker: Broker
) -> None:
    with Session(app_engine) as own, own.begin():
        job_id = client.submit(source, session=own)

    assert published(broker) == [job_id]


def test_a_rollback_takes_the_job_along(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    own.add(Invoice(ocr_job=client.submit(source, session=own)))
    own.flush()

    own.rollback()

    assert stored(app_engine) == (0, 0, 0)
    assert published(broker) == []


def test_a_session_that_is_closed_without_a_commit_takes_the_job_along(
    client: Client, source: str, app_engine: Engine, broker: Broker
) -> None:
    with Session(app_engine) as own:
        client.submit(source, session=own)

    assert stored(app_engine) == (0, 0, 0)
    assert published(broker) == []


def test_the_applications_row_and_the_job_are_there_together_or_not_at_all(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    # Given an application's row that the database refuses
    job_id = client.submit(source, session=own)
    invoice = Invoice(ocr_job=job_id)
    own.add(invoice)
    own.flush()

    with pytest.raises(IntegrityError):
        own.execute(text("INSERT INTO invoices (id) VALUES (:id)"), {"id": invoice.id})
    own.rollback()

    assert stored(app_engine) == (0, 0, 0)
    assert published(broker) == []


def test_a_flush_that_fails_takes_the_job_along(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    client.submit(source, session=own)
    own.add(Invoice(id=None, ocr_job="no id"))

    with pytest.raises(Exception):  # noqa: B017, PT011  whatever SQLAlchemy makes of it
        own.commit()
    own.rollback()

    assert stored(app_engine) == (0, 0, 0)
    assert published(broker) == []


def test_two_submissions_in_one_transaction_are_both_published_in_order(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    jobs = [client.submit(source, session=own) for _ in range(3)]

    own.commit()

    assert stored(app_engine)[:2] == (3, 0)
    assert published(broker) == jobs


def test_the_same_token_twice_in_a_transaction_is_one_job(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    jobs = [client.submit(source, client_token="a", session=own) for _ in range(2)]

    own.commit()

    assert jobs[0] == jobs[1]
    assert stored(app_engine)[:2] == (1, 0)
    assert published(broker) == [jobs[0]]


def test_a_token_that_was_used_before_gives_that_job_inside_a_transaction_too(
    client: Client, source: str, own: Session, broker: Broker
) -> None:
    first = client.submit(source, client_token="a")

    second = client.submit(source, client_token="a", session=own)
    own.commit()

    assert second == first
    assert published(broker) == [first]


def test_a_refused_request_leaves_the_transaction_as_it_was(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    client.submit(source, client_token="a")
    own.add(Invoice())
    own.flush()

    with pytest.raises(TokenConflict):
        client.submit(source, client_token="a", languages="deu", session=own)
    with pytest.raises(SourceMissing):
        client.submit(f"{source}x", session=own)
    own.commit()

    assert stored(app_engine) == (1, 0, 1)
    assert len(published(broker)) == 1


def test_a_session_is_used_for_one_transaction_after_the_other(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    first = client.submit(source, session=own)
    own.commit()
    client.submit(source, session=own)
    own.rollback()
    own.add(Invoice())
    own.commit()
    last = client.submit(source, session=own)
    own.commit()

    assert stored(app_engine) == (2, 0, 1)
    assert published(broker) == [first, last]


def test_a_session_does_not_gather_listeners(client: Client, source: str, own: Session) -> None:
    client.submit(source, session=own)
    own.commit()
    once = listeners(own)

    for end in (own.commit, own.rollback, own.commit):
        for _ in range(2):
            client.submit(source, session=own)
        end()

    assert listeners(own) == once <= 3


def test_other_sessions_of_the_application_are_left_alone(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    client.submit(source, session=own)

    with Session(app_engine) as other:
        assert listeners(other) == 0
        other.add(Invoice())
        other.commit()

    assert published(broker) == []


def test_a_scoped_session_stands_for_the_session_of_its_thread(
    client: Client, source: str, app_engine: Engine, broker: Broker
) -> None:
    # Given what Flask-SQLAlchemy calls `db.session`
    scoped = scoped_session(sessionmaker(app_engine))

    client.submit(source, session=scoped)  # type: ignore[arg-type]
    scoped.rollback()
    job_id = client.submit(source, session=scoped)  # type: ignore[arg-type]
    scoped.commit()
    scoped.remove()

    assert stored(app_engine)[:2] == (1, 0)
    assert published(broker) == [job_id]
    with Session(app_engine) as other:
        assert listeners(other) == 0


def test_a_commit_that_fails_publishes_nothing(
    client: Client, source: str, own: Session, app_engine: Engine, broker: Broker
) -> None:
    # Given a constraint that is checked at the commit
    own.execute(text("ALTER TABLE invoices ADD UNIQUE (ocr_job) DEFERRABLE INITIALLY DEFERRED"))
    own.commit()
    job_id = client.submit(source, session=own)
    own.add_all([Invoice(ocr_job=job_id), Invoice(ocr_job=job_id)])

    with pytest.raises(IntegrityError):
        own.commit()
    own.rollback()

    assert stored(app_engine) == (0, 0, 0)
    assert published(broker) == []

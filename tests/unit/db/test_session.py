"""What an application's own SQLAlchemy transaction does to a submission; SQLite stands in for Postgres here."""

from collections.abc import Iterator

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.orm import Session

from ocr_platform.db.session import after_commit


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://", poolclass=NullPool)
    with Session(engine) as session:
        yield session
    engine.dispose()


class Dispatched(list[str]):
    """What was published, in order."""

    def after(self, session: Session, name: str = "job") -> None:
        session.execute(text("SELECT 1"))
        after_commit(session, lambda: self.append(name))


def test_job_is_published_once_its_transaction_has_committed(session: Session) -> None:
    dispatched = Dispatched()

    dispatched.after(session)
    assert dispatched == []
    session.commit()

    assert dispatched == ["job"]


@pytest.mark.parametrize("end", [Session.rollback, Session.close])
def test_job_of_a_transaction_that_did_not_commit_is_never_published(session: Session, end) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    dispatched = Dispatched()

    dispatched.after(session)
    end(session)
    session.execute(text("SELECT 1"))
    session.commit()

    assert dispatched == []


def test_later_transactions_of_the_session_publish_it_no_second_time(session: Session) -> None:
    dispatched = Dispatched()
    dispatched.after(session)

    for _ in range(3):
        session.execute(text("SELECT 1"))
        session.commit()

    assert dispatched == ["job"]


def test_several_jobs_of_one_transaction_are_published_in_order(session: Session) -> None:
    dispatched = Dispatched()
    for name in ("first", "second", "third"):
        dispatched.after(session, name)

    session.commit()

    assert dispatched == ["first", "second", "third"]


def test_savepoint_that_is_released_is_no_commit(session: Session) -> None:
    dispatched = Dispatched()

    with session.begin_nested():
        dispatched.after(session)
    assert dispatched == []
    session.commit()

    assert dispatched == ["job"]


def test_savepoint_that_is_rolled_back_takes_its_job_along_and_no_other(session: Session) -> None:
    dispatched = Dispatched()
    dispatched.after(session, "before")

    nested = session.begin_nested()
    dispatched.after(session, "inside")
    nested.rollback()
    dispatched.after(session, "behind")
    session.commit()

    assert dispatched == ["before", "behind"]


def test_rollback_of_an_outer_savepoint_takes_the_jobs_of_the_inner_ones_along(session: Session) -> None:
    dispatched = Dispatched()

    outer = session.begin_nested()
    with session.begin_nested():
        dispatched.after(session)
    outer.rollback()
    session.commit()

    assert dispatched == []


def test_savepoint_that_is_released_inside_a_transaction_that_is_rolled_back_publishes_nothing(
    session: Session,
) -> None:
    dispatched = Dispatched()

    with session.begin_nested():
        dispatched.after(session)
    session.rollback()

    assert dispatched == []


def test_job_may_be_submitted_again_after_a_rollback(session: Session) -> None:
    dispatched = Dispatched()
    dispatched.after(session, "first try")
    session.rollback()

    dispatched.after(session, "second try")
    session.commit()

    assert dispatched == ["second try"]


def test_block_that_raises_publishes_nothing(session: Session) -> None:
    dispatched = Dispatched()

    def raising() -> None:
        with session.begin():
            dispatched.after(session)
            raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        raising()

    assert dispatched == []


def test_other_sessions_commit_on_their_own(session: Session) -> None:
    dispatched = Dispatched()
    dispatched.after(session)

    with Session(session.get_bind()) as other:
        other.execute(text("SELECT 1"))
        other.commit()

    assert dispatched == []
    session.rollback()

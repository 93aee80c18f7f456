"""Of several reapers one is active; another takes over when its connection, or it itself, is gone."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from ocr_platform.db.engine import make_engine
from ocr_platform.db.reaper_lock import ReaperLock
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.tables import ReaperRow
from ocr_platform.errors import DatabaseUnavailable
from tests.conftest import Servers
from tests.integration.db.support import at_once

PATIENCE = timedelta(seconds=60)
MakeLock = Callable[[], ReaperLock]


@pytest.fixture
def make_lock(engine: Engine, database: Servers) -> Iterator[MakeLock]:
    """Locks, each with connections of its own, as in a process of its own."""
    with ExitStack() as closing:

        def make() -> ReaperLock:
            own = make_engine(database.settings())
            lock = ReaperLock(own, PATIENCE)
            closing.callback(own.dispose)
            closing.callback(lock.release)
            return lock

        yield make


def end_idle_connections(engine: Engine) -> int:
    """End every connection but the one that asks."""
    query = text(
        "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 30000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with engine.connect() as connection:
        return connection.scalar(query) or 0


def be_silent(engine: Engine, seconds: float) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE reaper SET round_at = now() - make_interval(secs => :seconds)"), {"seconds": seconds}
        )


def test_one_is_active_and_stays_it(make_lock: MakeLock) -> None:
    first, second = make_lock(), make_lock()

    assert [first.acquire(), second.acquire(), first.acquire(), second.acquire()] == [True, False, True, False]


def test_of_ten_that_start_at_once_one_is_active(make_lock: MakeLock) -> None:
    locks = [make_lock() for _ in range(10)]

    assert at_once(*(lock.acquire for lock in locks)).count(True) == 1


def test_another_takes_over_when_the_active_one_ends(make_lock: MakeLock) -> None:
    first, second = make_lock(), make_lock()
    first.acquire()

    first.release()

    assert second.acquire()
    assert not first.acquire()


def test_who_held_the_lock_twice_gives_it_up_at_once(make_lock: MakeLock) -> None:
    first, second = make_lock(), make_lock()
    for _ in range(5):
        first.acquire()

    first.release()
    first.release()

    assert second.acquire()


def test_another_takes_over_when_the_connection_of_the_active_one_is_cut(make_lock: MakeLock, engine: Engine) -> None:
    first, second = make_lock(), make_lock()
    first.acquire()
    assert end_idle_connections(engine) == 1

    taken_over = second.acquire()

    assert taken_over
    with pytest.raises(DatabaseUnavailable):
        first.acquire()
    assert not first.acquire()
    second.release()
    assert first.acquire()


def test_another_steps_in_while_the_active_one_is_silent(make_lock: MakeLock, engine: Engine, log: ReaperLog) -> None:
    # Given an active reaper that hangs: its connection lives
    first, second = make_lock(), make_lock()
    first.acquire()
    log.record_round("first", 0.1, {})

    answers = [second.acquire()]
    be_silent(engine, 59)
    answers.append(second.acquire())
    be_silent(engine, 61)
    answers.append(second.acquire())

    assert answers == [False, False, True]


def test_who_stepped_in_rests_when_the_active_one_is_back(make_lock: MakeLock, engine: Engine, log: ReaperLog) -> None:
    first, second = make_lock(), make_lock()
    first.acquire()
    log.record_round("first", 0.1, {})
    be_silent(engine, 61)
    assert second.acquire()

    assert first.acquire()
    log.record_round("first", 0.1, {})

    assert not second.acquire()


def test_nobody_steps_in_before_the_first_round(make_lock: MakeLock, engine: Engine) -> None:
    first, second = make_lock(), make_lock()
    first.acquire()

    with engine.connect() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {ReaperRow.__tablename__}")) == 0  # noqa: S608
    assert not second.acquire()


def test_without_a_database_nobody_is_active(servers: Servers) -> None:
    engine = make_engine(servers.settings(DB_PORT="1"))
    lock = ReaperLock(engine, PATIENCE)

    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            lock.acquire()

    engine.dispose()

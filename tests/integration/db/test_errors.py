"""Postgres's errors: typed where they are known, and never with what was stored."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, Executable, insert, select, text

from ocr_platform.db import submission
from ocr_platform.db.engine import _PING_AFTER_SECONDS, make_engine, statement
from ocr_platform.db.migrate import migrate
from ocr_platform.db.tables import JobRow
from ocr_platform.errors import DatabaseUnavailable
from tests.conftest import Servers
from tests.integration.db.support import request

CANARY = "mrs-miller-hiv-result"


def end_connections(database: Servers) -> None:
    """End every connection to the database, as a failover does."""
    admin = make_engine(database.settings(DB_NAME="postgres"))
    with admin.connect() as connection:
        query = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(query, {"name": database.database})
    admin.dispose()


def texts(error: BaseException | None) -> Iterator[str]:
    """All that a traceback would print of an error and of its causes."""
    while error is not None:
        yield f"{error} {error!r}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def run(engine: Engine, refused: Executable, values: dict[str, object]) -> None:
    with statement(engine) as connection:
        connection.execute(refused, values)


def test_an_error_carries_no_parameter(engine: Engine) -> None:
    # Given a statement that the server refuses: psycopg2 puts values into its text, and the server quotes that text
    refused = text("SELECT * FROM nowhere WHERE name = :name")

    with pytest.raises(Exception) as caught:  # noqa: PT011  whatever it is, its text must be clean
        run(engine, refused, {"name": CANARY})

    assert not any(CANARY in each for each in texts(caught.value))


def test_an_error_carries_no_row(engine: Engine) -> None:
    # Given a row that a constraint refuses: the server's detail line quotes all of it
    values = {"tenant": "t", "source_bucket": "b", "source_key": f"uploads/{CANARY}", "source_version_id": "v"}

    with pytest.raises(Exception) as caught:  # noqa: PT011  whatever it is, its text must be clean
        run(engine, insert(JobRow), {**values, "source_size": 1, "options": {}, "state": "nonsense"})

    assert not any(CANARY in each for each in texts(caught.value))


def test_a_connection_that_is_lost_in_use_is_database_unavailable(engine: Engine, database: Servers) -> None:
    def interrupted() -> None:
        with statement(engine) as connection:
            connection.execute(select(1))
            end_connections(database)
            connection.execute(select(1))

    with pytest.raises(DatabaseUnavailable):
        interrupted()

    submission.submit(engine, request())


def test_connections_that_were_lost_while_idle_are_replaced_unseen(engine: Engine, database: Servers) -> None:
    submission.submit(engine, request())

    end_connections(database)
    time.sleep(_PING_AFTER_SECONDS)

    submission.submit(engine, request())


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"DB_PORT": "1"}, id="nobody listens"),
        pytest.param({"DB_PASSWORD": "wrong"}, id="the password is wrong"),
        pytest.param({"DB_NAME": "nowhere"}, id="there is no such database"),
        pytest.param({"DB_SSLMODE": "require"}, id="the server has no TLS"),
    ],
)
def test_a_refused_connection_is_database_unavailable(changed: dict[str, str], servers: Servers) -> None:
    engine = make_engine(servers.settings(**changed))

    with pytest.raises(DatabaseUnavailable), statement(engine):
        pass

    engine.dispose()


def test_an_engine_whose_connections_are_all_in_use_is_database_unavailable(engine: Engine) -> None:
    # Given more threads than connections, and none that comes back in time
    held = [engine.connect() for _ in range(5)]
    engine.pool._timeout = 0.1  # type: ignore[attr-defined]

    with pytest.raises(DatabaseUnavailable):
        submission.submit(engine, request())

    for connection in held:
        connection.close()


def limits(engine: Engine) -> list[str | None]:
    with engine.connect() as connection:
        return [connection.scalar(text(f"SHOW {name}")) for name in ("statement_timeout", "lock_timeout")]


def test_statements_and_waits_for_locks_are_limited(empty_engine: Engine) -> None:
    assert limits(empty_engine) == ["30s", "10s"]


def test_a_migration_leaves_no_connection_without_limits(empty_engine: Engine) -> None:
    migrate(empty_engine)

    assert limits(empty_engine) == ["30s", "10s"]

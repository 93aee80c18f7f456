"""What an engine sends, timed and explained."""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event


class _CaughtError(Exception):
    """A statement on its way to the server, which it did not reach."""

    def __init__(self, statement: str, parameters: Any) -> None:
        super().__init__("caught")
        self.statement = statement
        self.parameters = parameters


def explained(engine: Engine, call: Callable[[], object]) -> str:
    """The plan of the statement that `call` executes, with times and buffers; nothing of it stays."""
    caught = _caught(engine, call)
    # In a transaction that is rolled back, whatever the engine does otherwise: EXPLAIN ANALYZE executes.
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        explaining = f"EXPLAIN (ANALYZE, BUFFERS) {caught.statement}"
        plan = "\n".join(connection.exec_driver_sql(explaining, caught.parameters).scalars())
        connection.rollback()
    return plan


def _caught(engine: Engine, call: Callable[[], object]) -> _CaughtError:
    """The statement and its parameters, caught before the server sees it: a claim that happened explains nothing."""

    def catch(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        raise _CaughtError(statement, parameters)

    event.listen(engine, "before_cursor_execute", catch)
    try:
        call()
    except _CaughtError as caught:
        return caught
    finally:
        event.remove(engine, "before_cursor_execute", catch)
    raise RuntimeError("no statement was executed")


def timed_ms(call: Callable[[], object]) -> float:
    """Milliseconds of wall time."""
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)

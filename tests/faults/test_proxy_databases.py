"""What the proxy does to statements and commands, and to the answers of PostgreSQL and Redis."""

import random
import threading
import time
from contextlib import ExitStack
from typing import Any

import psycopg2
import pytest
import redis

from tests.conftest import Servers
from tests.faults.plain_clients import redis_client, sql
from tests.faults.proxy import FaultProxy
from tests.faults.redis_wire import RedisWire
from tests.faults.rules import Answer, Call, DropAnswer

BODY = random.Random(0).randbytes(300_000)


@pytest.mark.parametrize("statement", ["UPDATE {} SET a = 2", "COMMIT"])
def test_the_answer_to_a_commit_is_lost_and_the_work_is_done(
    statement: str, database: FaultProxy, servers: Servers, opened: ExitStack
) -> None:
    # Given a table, which another connection sees past the proxy
    table = f"faults_{random.SystemRandom().randrange(10**9)}"
    witness = sql(servers.database_port, servers, opened)
    witness.autocommit = True
    seen = witness.cursor()
    seen.execute(f"CREATE TABLE {table} AS SELECT 1 AS a")
    opened.callback(seen.execute, f"DROP TABLE {table}")
    connection = sql(database.port, servers, opened)
    connection.autocommit = statement != "COMMIT"
    rule = database.on(statement.format(table).encode(), DropAnswer(), times=1)

    with pytest.raises(psycopg2.OperationalError):
        _update_and_commit(connection, table)

    seen.execute(f"TABLE {table}")
    assert seen.fetchone() == (2,)
    assert rule.hits == 1


def _update_and_commit(connection: Any, table: str) -> None:
    connection.cursor().execute(f"UPDATE {table} SET a = 2")  # noqa: S608  a name of our own
    connection.commit()


def test_postgres_behind_a_black_hole_goes_on_afterwards(
    database: FaultProxy, servers: Servers, opened: ExitStack
) -> None:
    cursor = sql(database.port, servers, opened).cursor()
    database.on(rb"SELECT 42", Call(database.black_hole), times=1)
    threading.Timer(0.3, database.pass_through).start()
    started = time.monotonic()

    cursor.execute("SELECT 42, repeat('x', 500000)")

    assert cursor.fetchone() == (42, "x" * 500000)
    assert time.monotonic() - started > 0.3
    database.black_hole()
    with pytest.raises(psycopg2.OperationalError, match="timeout"):
        sql(database.port, servers, opened)


def test_a_transaction_of_redis_is_done_and_its_answer_is_lost(
    broker: FaultProxy, servers: Servers, opened: ExitStack
) -> None:
    key = f"faults-{random.SystemRandom().randrange(10**9)}"
    connection = redis_client(broker.port, servers, opened)
    rule = broker.on(rb"LPUSH %b" % key.encode(), DropAnswer(), times=1)

    with connection.pipeline(transaction=True) as pipe:
        pipe.lpush(key, "a", "b")
        pipe.set(f"{key}-too", "c")
        with pytest.raises(redis.exceptions.ConnectionError):
            pipe.execute()

    assert rule.hits == 1
    assert connection.lrange(key, 0, -1) == [b"b", b"a"]
    assert connection.delete(key, f"{key}-too") == 2


@pytest.mark.parametrize("protocol", [2, 3])
def test_redis_works_through_the_proxy(protocol: int, broker: FaultProxy, servers: Servers, opened: ExitStack) -> None:
    connection = redis_client(broker.port, servers, opened, protocol)
    key = f"faults-{random.SystemRandom().randrange(10**9)}"
    channel: Any = connection.pubsub()  # type: ignore[no-untyped-call]
    with channel:
        channel.psubscribe("faults.*", "others.*")
        assert {channel.get_message(timeout=2)["type"] for _ in range(2)} == {"psubscribe"}
        connection.publish("faults.a", BODY)
        assert channel.get_message(timeout=2)["data"] == BODY
    with connection.pipeline(transaction=False) as pipe:
        pipe.set(key, BODY)
        pipe.get(key)
        pipe.delete(key)
        pipe.get(key)
        assert pipe.execute() == [True, BODY, 1, None]
    assert connection.brpop([key], timeout=0.1) is None


def test_chance_is_seeded(servers: Servers, opened: ExitStack) -> None:
    def struck(seed: int) -> int:
        rng = random.Random(seed)
        with ExitStack() as own, FaultProxy(servers.redis_port, RedisWire, rng) as proxy:
            connection = redis_client(proxy.port, servers, own)
            rule = proxy.on(rb"^ECHO", Answer(b"+faked\r\n"), probability=0.5, skip=5)
            answers = [connection.echo(str(number)) for number in range(40)]
            assert answers.count(b"faked") == rule.hits
            assert answers[:5] == [b"0", b"1", b"2", b"3", b"4"]
            return rule.hits

    assert struck(1) == struck(1)
    assert 5 < struck(2) < 30

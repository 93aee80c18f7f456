"""The gate before PostgreSQL: who shows a token of IAM is let in, and nobody else."""

import base64
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from tests.conftest import Servers
from tests.credentials.aws import client
from tests.credentials.database_gate import DatabaseGate
from tests.credentials.gate import AwsGate
from tests.credentials.keys import Key
from tests.credentials.listening import HOST
from tests.credentials.roles import RoleEndpoint

Token = Callable[..., str]


@pytest.fixture
def database(gate: AwsGate, servers: Servers) -> Iterator[DatabaseGate]:
    with DatabaseGate(gate, servers.database_port, servers.database_login) as running:
        yield running


@pytest.fixture
def own(servers: Servers) -> Key:
    return Key(servers.aws.access_key, servers.aws.secret_key)


@pytest.fixture
def token(database: DatabaseGate, own: Key, opened: ExitStack) -> Token:
    """A token as boto3 makes it, for what is not given otherwise with the right values."""

    def make(user: str = "ocr", key: Key = own, host: str = HOST, port: int = database.port) -> str:
        rds = client("rds", "http://127.0.0.1:1", opened, key.access_key, key.secret_key, key.token)
        made: str = rds.generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user)
        return made

    return make


def connect(database: DatabaseGate, password: str, user: str = "ocr", **options: Any) -> Any:
    given: dict[str, Any] = {"dbname": "postgres", "sslmode": "disable", "connect_timeout": 5} | options
    return psycopg2.connect(host=HOST, port=database.port, user=user, password=password, **given)


def refused(database: DatabaseGate, password: str, user: str = "ocr") -> str:
    """The gate's reason for the refusal; the client was told what RDS tells."""
    before = database.accepted
    message = f'FATAL:  PAM authentication failed for user "{user}"'
    with pytest.raises(psycopg2.OperationalError, match=message):
        connect(database, password, user).close()
    assert database.accepted == before
    return database.refused[-1]


def test_a_token_logs_in(database: DatabaseGate, token: Token) -> None:
    with closing(connect(database, token())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT length(%s), current_setting('application_name')", ["x" * 300_000])
        assert cursor.fetchone() == (300_000, "")

    assert (database.accepted, database.refused, len(database.tokens)) == (1, [], 1)


def test_what_a_client_asks_of_its_session_is_handed_on(database: DatabaseGate, token: Token, servers: Servers) -> None:
    # Given a client that would use TLS if it could
    options = {"sslmode": "prefer", "application_name": "worker", "options": "-c statement_timeout=1234"}
    with closing(connect(database, token(), **options)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('application_name'), current_setting('statement_timeout'), current_user")
        assert cursor.fetchone() == ("worker", "1234ms", servers.database_login.user)


def test_large_amounts_pass_in_both_directions(database: DatabaseGate, token: Token) -> None:
    text = base64.b64encode(bytes(3_000_000)).decode()
    with closing(connect(database, token())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT %s", [text])
        assert cursor.fetchone() == (text,)


_CANCEL = """
import sys, threading, psycopg2
connection = psycopg2.connect(sys.argv[1])
threading.Timer(0.3, connection.cancel).start()
try:
    connection.cursor().execute("SELECT pg_sleep(20)")
except psycopg2.errors.QueryCanceled:
    print("cancelled")
"""


def test_a_statement_is_cancelled(database: DatabaseGate, token: Token) -> None:
    # In a process of its own: psycopg2 lets no other thread run while it cancels, and the gate is one
    dsn = make_dsn(host=HOST, port=database.port, user="ocr", password=token(), dbname="postgres", sslmode="disable")
    done = subprocess.run([sys.executable, "-c", _CANCEL, dsn], capture_output=True, text=True, timeout=15, check=False)

    assert (done.stdout, done.stderr) == ("cancelled\n", "")


def test_a_database_that_is_not_there(database: DatabaseGate, token: Token) -> None:
    with pytest.raises(psycopg2.OperationalError, match='database "nowhere" does not exist'):
        connect(database, token(), dbname="nowhere")
    assert (database.accepted, database.refused) == (1, [])


@pytest.mark.parametrize("password", ["secret", "x/?Action=connect", "host:1/?X-Amz-Credential=a&X-Amz-Algorithm=b"])
def test_a_password_is_no_token(database: DatabaseGate, password: str) -> None:
    assert refused(database, password) == "no token"


def test_the_servers_own_password_is_no_token(database: DatabaseGate, servers: Servers) -> None:
    login = servers.database_login
    assert refused(database, login.password, login.user) == "no token"


def test_a_token_for_something_else(database: DatabaseGate, token: Token) -> None:
    assert refused(database, token(user="another")) == "for another user"
    assert refused(database, token(), user="another") == "for another user"
    assert refused(database, token(port=database.port + 1)) == "for another server"
    assert refused(database, token(host="localhost")) == "for another server"
    assert refused(database, token().replace("%2Frds-db%2F", "%2Fs3%2F")) == "for another service"


def test_a_forged_token(database: DatabaseGate, token: Token, own: Key) -> None:
    good = token()
    later = (datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y%m%dT%H%M%SZ")
    date = good.partition("X-Amz-Date=")[2].partition("&")[0]

    assert refused(database, token(key=Key(own.access_key, "another"))) == "WRONG_SIGNATURE"
    assert refused(database, good.replace("X-Amz-Expires=900", "X-Amz-Expires=9000")) == "WRONG_SIGNATURE"
    assert refused(database, good.replace(date, later)) == "WRONG_SIGNATURE"
    assert refused(database, token(user="another").replace("DBUser=another", "DBUser=ocr")) == "WRONG_SIGNATURE"
    connect(database, good).close()
    assert len(database.refused) == 4


def test_a_token_is_too_old(database: DatabaseGate, token: Token) -> None:
    database.token_seconds = 3.0
    old = token()
    connect(database, old).close()
    connect(database, old).close()
    time.sleep(3.05)

    assert refused(database, old) == "too old"
    connect(database, token()).close()
    assert (database.accepted, len(database.tokens)) == (3, 2)


def test_keys_that_are_refused(database: DatabaseGate, gate: AwsGate, token: Token, own: Key) -> None:
    made = token()
    assert refused(database, token(key=Key("AKIAUNKNOWN", "x"))) == "UNKNOWN_KEY"
    gate.revoke(own.access_key)
    assert refused(database, made) == "UNKNOWN_KEY"


def test_a_token_ends_with_its_role(
    database: DatabaseGate, gate: AwsGate, token: Token, servers: Servers, opened: ExitStack
) -> None:
    endpoint = RoleEndpoint(gate, servers.aws.access_key, servers.aws.secret_key, seconds=60.0)
    role = opened.enter_context(endpoint).current()
    made = token(key=role)

    with closing(connect(database, made)) as connection, connection.cursor() as cursor:
        assert refused(database, token(key=Key(role.access_key, role.secret_key))) == "UNKNOWN_KEY"
        assert refused(database, token(key=Key(role.access_key, role.secret_key, "false"))) == "WRONG_TOKEN"
        gate.keys.issue(replace(role, expires=datetime.now(UTC)))
        assert refused(database, made) == "EXPIRED"
        cursor.execute("SELECT 1")  # who is in stays in


def test_connections_are_cut(database: DatabaseGate, token: Token) -> None:
    made = token()
    with closing(connect(database, made)) as connection, connection.cursor() as cursor:
        assert database.close_connections() == 1
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("SELECT 1")

    connect(database, made).close()
    assert database.accepted == 2


def test_what_is_not_postgresql_harms_nothing(database: DatabaseGate, token: Token) -> None:
    for data in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x08", b"\0\0\0\x09\0\3\0\0\0"):
        with socket.create_connection((HOST, database.port)) as raw:
            raw.sendall(data)
    connect(database, token()).close()

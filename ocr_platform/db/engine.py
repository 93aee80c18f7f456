"""The SQLAlchemy engine and the one place where driver errors become the platform's."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg2
from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import ConnectionPoolEntry

from ocr_platform.errors import CredentialsUnavailable, DatabaseUnavailable, InternalError, SettingsError
from ocr_platform.logins import Login, LoginSource
from ocr_platform.settings import Settings

_CONNECT_TIMEOUT_SECONDS = 5
_PING_AFTER_SECONDS = 1.0
_USED = "ocr_platform.used"
_NOBODY = (
    "Connection refused",
    "timeout expired",
    "timed out",
    "could not translate host name",
    "No route to host",
    "Network is unreachable",
    "server closed the connection",
    "Connection reset",
    "SSL error",
    "certificate",
)


def make_engine(settings: Settings, logins: LoginSource | None = None) -> Engine:
    """A lazy engine: no connection is opened before the first statement.

    `logins` says who logs in, for each new connection; without it DB_USER with DB_PASSWORD. Raises SettingsError
    when there is neither.
    """
    logins = logins or _fixed_login(settings)
    url = URL.create(
        "postgresql+psycopg2",
        host=settings.db_host,
        port=settings.db_port,
        database=settings.db_name,
    )
    connect_args: dict[str, object] = {
        "sslmode": settings.resolved_sslmode.value,
        "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
        "application_name": "ocr-platform",
        "options": "-c timezone=utc -c statement_timeout=30s -c lock_timeout=10s",
        # A peer that vanished is noticed within half a minute instead of two hours.
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    if settings.db_sslrootcert is not None:
        connect_args["sslrootcert"] = str(settings.db_sslrootcert)
    # hide_parameters: an error's text must not carry what was stored. AUTOCOMMIT: every write is one statement, whose
    # transaction the server makes. A worker child runs one task at a time, beside the thread that renews its claim.
    engine = create_engine(
        url,
        connect_args=connect_args,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        pool_size=2,
        max_overflow=3,
    )
    event.listen(engine, "do_connect", partial(_log_in, logins))
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _ping_after_a_pause)
    return engine


def _fixed_login(settings: Settings) -> LoginSource:
    if settings.db_password is None:
        raise SettingsError(["DB_PASSWORD: missing; set DB_PASSWORD_FILE, DB_SECRET_ARN, DB_IAM_AUTH or DB_PASSWORD"])
    login = Login(settings.db_user, settings.db_password.get_secret_value())
    return LoginSource("database", lambda: login)


def _log_in(
    logins: LoginSource, dialect: Dialect, _record: ConnectionPoolEntry, cargs: list[Any], cparams: dict[str, Any]
) -> DBAPIConnection:
    """Open a connection; when the server refuses the login, once more with what the login is by now."""
    login = logins.current()
    try:
        return dialect.connect(*cargs, **cparams, user=login.user, password=login.password)
    except psycopg2.OperationalError as exc:
        other = logins.another(login) if login_refused(exc) else None
        if other is None:
            raise
    return dialect.connect(*cargs, **cparams, user=other.user, password=other.password)


def login_refused(error: BaseException) -> bool:
    """True when the server answered, and refused; psycopg2 gives no code, and a server speaks its own language.

    What says that nobody answered comes from this side, where libpq speaks English unless a program sets LC_MESSAGES.
    """
    return not any(sign in str(error) for sign in _NOBODY)


def _note_use(_connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    entry.info[_USED] = time.monotonic()


def _ping_after_a_pause(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Replace a connection that was lost while it was idle, unseen; one that was just used is not asked."""
    if time.monotonic() - entry.info.get(_USED, math.inf) < _PING_AFTER_SECONDS:
        return
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
    except psycopg2.Error as exc:
        raise DisconnectionError from exc  # the pool connects anew


@contextmanager
def translated_errors() -> Iterator[None]:
    """Lost and refused connections become DatabaseUnavailable, all else an InternalError that quotes nothing.

    The server's messages quote whole rows, and statements with the values that psycopg2 put into them.
    """
    try:
        yield
    except CredentialsUnavailable as exc:
        raise DatabaseUnavailable from exc
    except (OperationalError, InterfaceError, NoConnectionFree) as exc:
        raise DatabaseUnavailable from exc
    except DBAPIError as exc:
        if exc.connection_invalidated:
            raise DatabaseUnavailable from exc
        state = getattr(exc.orig, "pgcode", None)
        raise InternalError(f"The database refused a statement (SQLSTATE {state}).") from None


@contextmanager
def statement(engine: Engine) -> Iterator[Connection]:
    """A connection on which each statement is a transaction of its own, and one round trip."""
    with translated_errors(), engine.connect() as connection:
        yield connection

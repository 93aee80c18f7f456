"""The SQLAlchemy engine and the one place where driver errors become the platform's."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ocr_platform.errors import DatabaseUnavailable, InternalError, SettingsError
from ocr_platform.settings import Settings

_CONNECT_TIMEOUT_SECONDS = 5


def make_engine(settings: Settings) -> Engine:
    """A lazy engine: no connection is opened before the first statement. Raises SettingsError without a password."""
    if settings.db_password is None:
        raise SettingsError(["DB_PASSWORD: missing; set it, or DB_PASSWORD_FILE"])
    url = URL.create(
        "postgresql+psycopg2",
        username=settings.db_user,
        password=settings.db_password.get_secret_value(),
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
    # hide_parameters: an error's text must not carry what was stored. A worker child runs one task at a time, beside
    # the thread that renews its claim.
    return create_engine(
        url, connect_args=connect_args, hide_parameters=True, pool_pre_ping=True, pool_size=2, max_overflow=3
    )


@contextmanager
def translated_errors() -> Iterator[None]:
    """Lost and refused connections become DatabaseUnavailable, all else an InternalError that quotes nothing.

    The server's messages quote whole rows, and statements with the values that psycopg2 put into them.
    """
    try:
        yield
    except (OperationalError, InterfaceError, NoConnectionFree) as exc:
        raise DatabaseUnavailable from exc
    except DBAPIError as exc:
        if exc.connection_invalidated:
            raise DatabaseUnavailable from exc
        state = getattr(exc.orig, "pgcode", None)
        raise InternalError(f"The database refused a statement (SQLSTATE {state}).") from None


@contextmanager
def statement(engine: Engine) -> Iterator[Connection]:
    """A connection on which each statement is a transaction of its own: one round trip instead of three."""
    with translated_errors(), engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction, committed at the end of the block, rolled back on an error."""
    with translated_errors(), engine.begin() as connection:
        yield connection

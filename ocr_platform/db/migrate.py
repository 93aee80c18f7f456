"""Bringing a database to the newest schema; safe to run from any number of containers at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from ocr_platform.db.engine import translated_errors

# Any constant that no other program takes: the first eight bytes of SHA-256("ocr_platform migrations"), signed.
_LOCK_KEY = -9124326603274890695
_SCRIPTS = Path(__file__).parent / "migrations"


def config() -> Config:
    """Alembic's configuration; there is no ini file."""
    alembic = Config()
    alembic.set_main_option("script_location", str(_SCRIPTS))
    return alembic


def migrate(engine: Engine) -> tuple[str | None, str | None]:
    """Upgrade to the newest revision under an advisory lock; return the revisions before and after.

    Whoever comes second waits for the first and finds nothing left to do. Raises DatabaseUnavailable.
    """
    transactional = engine.execution_options(isolation_level="READ COMMITTED")
    with translated_errors(), transactional.connect() as connection:
        # A migration may take longer than a query may, and may wait for another migration as long as that takes.
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK_KEY})
        connection.commit()
        try:
            before = current_revision(connection)
            alembic = config()
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "head")
            connection.commit()
            return before, current_revision(connection)
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK_KEY})
            connection.execute(text("RESET statement_timeout"))
            connection.execute(text("RESET lock_timeout"))
            connection.commit()


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """The newest revision that this version of the package knows."""
    return ScriptDirectory.from_config(config()).get_current_head()

"""Migrations give the schema that the tables describe, from any number of processes at once."""

import subprocess
import sys
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from ocr_platform.db.engine import make_engine
from ocr_platform.db.migrate import config, current_revision, head_revision, migrate
from ocr_platform.db.tables import Base
from tests.conftest import Servers

CATALOGUE = (
    """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
    """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public' ORDER BY 1, 2
    """,
)


def schema(engine: Engine) -> list[Any]:
    """Columns, constraints and indexes as the server has them; Alembic's own table is left out."""
    with engine.connect() as connection:
        rows = [tuple(row) for query in CATALOGUE for row in connection.execute(text(query))]
    return [row for row in rows if row[0] != "alembic_version"]


def run_migrate(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ocr_platform", "migrate"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_alembic_finds_no_difference_between_migrations_and_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})

        assert compare_metadata(context, Base.metadata) == []


def test_migrations_make_the_same_columns_constraints_and_indexes_as_the_tables(
    engine: Engine, servers: Servers
) -> None:
    # Given what SQLAlchemy makes of the tables itself; Alembic's comparison looks at no check constraint
    direct = make_engine(servers.with_database().settings())
    Base.metadata.create_all(direct)

    expected = schema(direct)
    direct.dispose()

    assert schema(engine) == expected


def test_a_downgrade_removes_everything_and_an_upgrade_brings_it_back(engine: Engine) -> None:
    before = schema(engine)
    with engine.connect() as connection:
        alembic = config()
        alembic.attributes["connection"] = connection

        command.downgrade(alembic, "base")
        connection.commit()
        left = set(inspect(connection).get_table_names())
    migrate(engine)

    assert left == {"alembic_version"}
    assert schema(engine) == before


def test_migrate_says_which_revision_it_left_and_which_it_reached(empty_engine: Engine) -> None:
    head = head_revision()

    assert migrate(empty_engine) == (None, head)
    assert migrate(empty_engine) == (head, head)


def test_ten_migrations_at_once_all_succeed(database: Servers, empty_engine: Engine) -> None:
    # Given an empty database
    # When ten containers start and migrate
    started = [run_migrate(database.environment) for _ in range(10)]
    ends = [(process.communicate(timeout=60), process.returncode) for process in started]

    # Then each is content, and one of them did it
    assert [code for _, code in ends] == [0] * 10, ends
    assert sum("already" not in out for (out, _), _ in ends) == 1
    with empty_engine.connect() as connection:
        assert current_revision(connection) == head_revision()


def test_migrate_without_a_database_is_one_readable_line_and_exit_code_1(servers: Servers) -> None:
    # Given a port on which nobody listens
    process = run_migrate(servers.environment | {"DB_PORT": "1"})

    out, err = process.communicate(timeout=30)

    assert process.returncode == 1
    assert out == ""
    assert err == "ocr-platform: The database does not answer. [database_unavailable]\n"

"""Submission: the job and its first message are one statement, in whoever's transaction it runs.

The statement is plain SQL with named parameters of plain types, so that it runs on SQLAlchemy's connections and on any
other that speaks to Postgres with the `pyformat` style (psycopg2, psycopg 3, Django's cursors).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, text

from ocr_platform.db.engine import statement
from ocr_platform.errors import TokenConflict
from ocr_platform.models import JobOptions, SourceRef
from ocr_platform.workflow import CHAIN, PROTOCOL_VERSION

_SUBMIT = """
    WITH job AS (
        INSERT INTO jobs (id, tenant, client_token, source_bucket, source_key, source_version_id, source_size, options,
                          protocol)
        VALUES (CAST({id} AS uuid), {tenant}, {client_token}, {source_bucket}, {source_key}, {source_version_id},
                {source_size}, CAST({options} AS jsonb), {protocol})
        ON CONFLICT (tenant, client_token) DO NOTHING
        RETURNING id
    )
    INSERT INTO outbox (job_id, stage) SELECT id, {stage} FROM job RETURNING id
"""
_EARLIER = """
    SELECT CAST(id AS text), source_bucket, source_key, source_version_id, CAST(options AS text)
    FROM jobs WHERE tenant = {tenant} AND client_token = {client_token}
"""
_PUBLISHED = text("DELETE FROM outbox WHERE id = :id")

# Runs one of the statements above and returns the first row, if any.
Execute = Callable[[str, Mapping[str, Any]], Any]


class Cursor(Protocol):
    """What is needed of a DB-API cursor, and of Django's."""

    def execute(self, query: str, vars: Any = None, /) -> Any:
        """Run a statement with named parameters."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a submission stores."""

    tenant: str
    source: SourceRef
    source_size: int
    options: JobOptions
    client_token: str | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A stored job; `outbox_id` is its first message's, None when an earlier call with the same token sent it."""

    job_id: UUID
    outbox_id: int | None


def submit(engine: Engine, new: NewJob) -> Submitted:
    """Store a job in a transaction of its own.

    A known client token gives the earlier job and no message. Raises TokenConflict when it was for another request.
    """
    with statement(engine) as connection:
        return submit_on(connection, new)


def submit_on(connection: Connection, new: NewJob) -> Submitted:
    """Store a job in the transaction that `connection` is in."""

    def execute(sql: str, values: Mapping[str, Any]) -> Any:
        named = {name: f":{name}" for name in values}
        return connection.execute(text(sql.format(**named)), values).one_or_none()

    return _submit(execute, new)


def submit_with(cursor: Cursor, new: NewJob) -> Submitted:
    """Store a job in the transaction that a DB-API cursor is in."""

    def execute(sql: str, values: Mapping[str, Any]) -> Any:
        cursor.execute(sql.format(**{name: f"%({name})s" for name in values}), values)
        return cursor.fetchone()

    return _submit(execute, new)


def published(engine: Engine, outbox_id: int) -> None:
    """Forget a message that Redis has."""
    with statement(engine) as connection:
        connection.execute(_PUBLISHED, {"id": outbox_id})


def _submit(execute: Execute, new: NewJob) -> Submitted:
    job_id = uuid4()
    values = {
        "id": str(job_id),
        "tenant": new.tenant,
        "client_token": new.client_token,
        "source_bucket": new.source.bucket,
        "source_key": new.source.key,
        "source_version_id": new.source.version_id,
        "source_size": new.source_size,
        "options": json.dumps(new.options.as_dict()),
        "protocol": PROTOCOL_VERSION,
        "stage": str(CHAIN[0]),
    }
    row = execute(_SUBMIT, values)
    if row is not None:
        return Submitted(job_id, row[0])
    return Submitted(_earlier(execute, new), None)


def _earlier(execute: Execute, new: NewJob) -> UUID:
    """The job that has the token. It is there: the insertion above waited for whoever was just storing it."""
    row = execute(_EARLIER, {"tenant": new.tenant, "client_token": new.client_token})
    source = SourceRef(*row[1:4])
    if source != new.source or json.loads(row[4]) != new.options.as_dict():
        raise TokenConflict
    return UUID(row[0])

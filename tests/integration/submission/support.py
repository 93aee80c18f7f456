"""An application's own table, and what of a submission has come where."""

import json
from typing import Any, cast
from uuid import UUID, uuid4

import redis
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ocr_platform.db.tables import JobRow, OutboxRow


class Application(DeclarativeBase):
    """Root of the application's tables."""


class Invoice(Application):
    """What the application keeps of a document; `ocr_job` is no foreign key, so that anything could be stored."""

    __tablename__ = "invoices"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ocr_job: Mapped[UUID | None]


def stored(engine: Engine) -> tuple[int, int, int]:
    """How many jobs, messages in the outbox and invoices there are."""
    with engine.connect() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table)) or 0 for table in (JobRow, OutboxRow, Invoice)
        ]
    jobs, outbox, invoices = counts
    return jobs, outbox, invoices


def waiting(broker: redis.Redis, queue: str = "ocr.io") -> list[dict[str, Any]]:
    """The messages in a queue, the oldest first."""
    messages = cast("list[str]", broker.lrange(queue, 0, -1))
    return [json.loads(message) for message in reversed(messages)]


def published(broker: redis.Redis) -> list[UUID]:
    """The jobs whose message is in Redis."""
    return [UUID(message["headers"]["argsrepr"].strip("[]'\"")) for message in waiting(broker)]

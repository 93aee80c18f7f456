"""Messages as they lie in Redis, objects as they lie in the bucket, and jobs that the reaper is to find."""

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import redis
from sqlalchemy import Engine, func, text, update

from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import OutboxRow
from ocr_platform.models import Stage
from tests.integration.db.support import expire, job_claimed_in

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


NOTHING: dict[str, list[Any]] = {"ocr.io": [], "ocr.cpu": [], "ocr.assist": []}
HOUR = 3600.0


@dataclass(frozen=True)
class Message:
    """A message in a queue's list."""

    headers: dict[str, Any]
    arguments: list[Any]

    @property
    def job_id(self) -> UUID:
        return UUID(self.arguments[0])

    @property
    def task(self) -> str:
        return str(self.headers["task"])


def messages(broker: redis.Redis, queue: str) -> list[Message]:
    """What waits in a queue, the oldest first."""
    found = []
    for item in reversed(cast("list[str]", broker.lrange(queue, 0, -1))):
        message = json.loads(item)
        arguments, _, _ = json.loads(base64.b64decode(message["body"]))
        found.append(Message(message["headers"], arguments))
    return found


def waiting(broker: redis.Redis) -> dict[str, list[UUID]]:
    """Jobs by queue."""
    return {
        queue: [message.job_id for message in messages(broker, queue)] for queue in ("ocr.io", "ocr.cpu", "ocr.assist")
    }


def keys(plain: "S3Client", bucket: str) -> set[str]:
    """Keys of which any version is left."""
    page = plain.list_object_versions(Bucket=bucket)
    return {item["Key"] for item in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]}


def age_outbox(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(OutboxRow).values(created_at=func.now() - timedelta(hours=1)))


def figures(engine: Engine) -> dict[str, int]:
    """What the last round wrote down."""
    with engine.connect() as connection:
        found: dict[str, int] = connection.scalar(text("SELECT figures FROM reaper"))
    return {name: count for name, count in found.items() if count}


def lost(repository: JobRepository, stage: Stage, **values: Any) -> UUID:
    """A job whose worker is gone; its message was taken long ago."""
    job = job_claimed_in(repository, stage, **values)
    expire(repository.engine, job.id)
    return job.id

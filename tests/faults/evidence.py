"""What the servers of a fleet say, past proxies and past the platform's own code; and a report for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psutil
import psycopg2
import psycopg2.extras
import redis

from ocr_platform.local.servers import HOST
from tests.faults import processes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from tests.faults.fleet import Fleet

_LOG_LINES = 12


@contextmanager
def database(fleet: "Fleet") -> Iterator[Any]:
    """A connection of psycopg2's that commits every statement."""
    login = fleet.servers.database_login
    connection = psycopg2.connect(
        host=HOST,
        port=fleet.servers.database_port,
        user=login.user,
        password=login.password,
        dbname=fleet.servers.database,
    )
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def rows(fleet: "Fleet", statement: str, *values: Any) -> list[dict[str, Any]]:
    """The rows of a statement; an id is text, whoever taught psycopg2 in this process to make a UUID of it."""
    with database(fleet) as connection, connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute(statement, values or None)
        return [
            {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
            for row in cursor.fetchall()
        ]


@contextmanager
def redis_admin(fleet: "Fleet") -> Iterator[redis.Redis]:
    """Redis for somebody who may see everything."""
    login = fleet.servers.redis_admin
    port = fleet.servers.redis_port
    with redis.Redis(HOST, port, username=login.user, password=login.password) as connection:
        yield connection


@contextmanager
def bucket(fleet: "Fleet") -> Iterator["S3Client"]:
    """S3 as anybody with a key sees it."""
    yield fleet.s3


def versions(fleet: "Fleet", prefix: str) -> list[dict[str, Any]]:
    """Every version and delete marker under a prefix; `IsDeleteMarker` tells them apart."""
    with bucket(fleet) as s3:
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=fleet.servers.aws.bucket, Prefix=prefix)
        return [
            {**item, "IsDeleteMarker": marker}
            for page in pages
            for kind, marker in (("Versions", False), ("DeleteMarkers", True))
            for item in page.get(kind, [])  # type: ignore[attr-defined]
        ]


def multipart_uploads(fleet: "Fleet", prefix: str) -> list[str]:
    """Keys under a prefix whose uploads in parts were begun and not ended."""
    with bucket(fleet) as s3:
        pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=fleet.servers.aws.bucket)
        keys = [upload["Key"] for page in pages for upload in page.get("Uploads", [])]
    return [key for key in keys if key.startswith(prefix)]


def queue_lengths(fleet: "Fleet") -> dict[str, int]:
    """Messages that wait, by queue, and those that were taken and not acknowledged."""
    with redis_admin(fleet) as connection:
        found = {
            key.decode(): connection.llen(key)
            for key in connection.scan_iter("ocr.*")
            if connection.type(key) == b"list"
        }
        return {**found, "unacked": connection.hlen("unacked")}


def report(fleet: "Fleet") -> str:
    """Who has not ended, what waits where, who runs, and what each said last."""
    parts = []
    for about, find in (
        ("jobs that have not ended", lambda: _open_jobs(fleet)),
        ("jobs by state", lambda: rows(fleet, "SELECT state, error_code, count(*) FROM jobs GROUP BY 1, 2")),
        ("outbox", lambda: rows(fleet, "SELECT * FROM outbox LIMIT 20")),
        ("redis", lambda: [queue_lengths(fleet)]),
        ("processes", lambda: [_process(fleet, name) for name in fleet.services]),
    ):
        try:
            parts += [f"--- {about}:", *map(_line, find())]
        except Exception as exc:  # noqa: BLE001  a server may be down: say so and go on
            parts.append(f"{type(exc).__name__}: {exc}")
    for name in sorted(path.stem for path in fleet.ground.logs.glob("*.log")):
        parts += [f"--- log of {name}:", *fleet.log(name).splitlines()[-_LOG_LINES:]]
    return "\n".join(parts)


def _open_jobs(fleet: "Fleet") -> list[dict[str, Any]]:
    jobs = rows(fleet, "SELECT * FROM jobs WHERE finished_at IS NULL ORDER BY created_at LIMIT 20")
    pages = "SELECT state, count(*) FROM pages WHERE job_id = %s GROUP BY 1"
    return [{**job, "pages": rows(fleet, pages, str(job["id"]))} for job in jobs]


def _process(fleet: "Fleet", name: str) -> dict[str, Any]:
    service = fleet.services[name]
    if not service.running():
        return {"name": name, "ended with": service.process.returncode if service.process else None}
    states: list[str] = []
    for each in processes.main_process(service).children(recursive=True):
        try:
            states.append(f"{each.name()} {each.status()}")
        except psutil.NoSuchProcess:
            continue
    return {"name": name, "children": states}


def _line(row: dict[str, Any]) -> str:
    hidden = ("source_bucket", "source_key", "source_version_id", "options", "source_sha256", "source_size", "tenant")
    return "  " + ", ".join(f"{key}={value}" for key, value in row.items() if value is not None and key not in hidden)

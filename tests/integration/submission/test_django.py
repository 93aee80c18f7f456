"""Submission inside a Django transaction; a Django of its own for each test, since a process has only one."""

import json
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
import redis
from sqlalchemy import Engine

from ocr_platform import Client
from tests.conftest import Servers
from tests.integration.submission.support import published, stored

PROGRAM = Path(__file__).parent / "django_application.py"
Broker = redis.Redis


def run(case: str, source: str, environment: dict[str, str]) -> list[UUID]:
    """What the application submitted and kept."""
    done = subprocess.run(
        [sys.executable, "-W", "error", PROGRAM, case, source],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [UUID(job_id) for job_id in json.loads(done.stdout)]


@pytest.mark.parametrize(
    ("case", "rows"),
    [
        ("commit", (1, 0, 1)),
        ("rollback", (0, 0, 0)),
        ("refused_row", (0, 0, 0)),
        ("savepoint_released", (1, 0, 1)),
        ("savepoint_rolled_back", (1, 0, 1)),
        ("savepoint_released_and_outer_rolled_back", (0, 0, 0)),
        ("outside_a_transaction", (1, 0, 1)),
        ("two_in_one_transaction", (2, 0, 1)),
        ("same_token", (1, 0, 1)),
        ("token_conflict", (1, 0, 1)),
    ],
)
def test_a_job_lives_and_dies_with_djangos_transaction(
    case: str, rows: tuple[int, int, int], source: str, app_engine: Engine, broker: Broker, database: Servers
) -> None:
    kept = run(case, source, database.environment)

    assert stored(app_engine) == rows
    assert len(kept) == rows[0]
    assert published(broker) == kept


def test_a_transaction_commits_without_redis_and_keeps_the_message(
    source: str, app_engine: Engine, broker: Broker, database: Servers
) -> None:
    kept = run("commit", source, database.environment | {"REDIS_PORT": "1"})

    assert len(kept) == 1
    assert stored(app_engine) == (1, 1, 1)


def test_a_job_of_djangos_is_like_any_other(
    client: Client, source: str, app_engine: Engine, broker: Broker, database: Servers
) -> None:
    (job_id,) = run("same_token", source, database.environment)

    assert client.status(job_id).tenant == "clinic"
    assert client.submit(source, client_token="a", tenant="clinic") == job_id

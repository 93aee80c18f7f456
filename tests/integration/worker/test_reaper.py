"""The reaper on real servers: what it finds in Postgres is a message in Redis, and what it removes is gone from S3."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import redis
from sqlalchemy import Engine, text

from ocr_platform.db.repository import JobRepository
from ocr_platform.models import JobState, Stage
from ocr_platform.staging import results_key, staging_key
from ocr_platform.worker.reaper import Reaper
from ocr_platform.workflow import PROTOCOL_HEADER, PROTOCOL_VERSION, WAKE_HEADER
from tests.integration.db.support import ago, job_claimed_in, job_in, row_of, submitted
from tests.integration.worker.conftest import MakeRuntime
from tests.integration.worker.support import HOUR, NOTHING, figures, keys, lost, messages, waiting

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Broker = redis.Redis


@pytest.mark.parametrize("stage", Stage)
def test_a_job_whose_worker_is_gone_gets_a_message_like_every_other(
    stage: Stage, reaper: Reaper, repository: JobRepository, broker: Broker
) -> None:
    job_id = lost(repository, stage, pages=1)

    assert reaper.round()

    queue = "ocr.cpu" if stage is Stage.OCR else "ocr.io"
    assert waiting(broker) == NOTHING | {queue: [job_id]}
    (message,) = messages(broker, queue)
    assert message.task == f"ocr_platform.{stage}"
    assert message.arguments == [str(job_id)]
    assert message.headers[PROTOCOL_HEADER] == PROTOCOL_VERSION
    assert message.headers[WAKE_HEADER] == row_of(repository.engine, job_id).fence
    assert message.headers["root_id"] == str(job_id)
    assert message.headers["expires"] is None
    assert figures(repository.engine) == {"lost": 1}
    assert repository.claim(job_id, stage) is not None


def test_a_long_document_gets_helpers_too_whose_messages_expire(
    reaper: Reaper, repository: JobRepository, broker: Broker
) -> None:
    # Given 30 pages that are left, in batches of eight
    job_id = lost(repository, Stage.OCR, pages=30)

    reaper.round()

    assert waiting(broker) == NOTHING | {"ocr.cpu": [job_id], "ocr.assist": [job_id] * 3}
    assert all(message.task == "ocr_platform.assist" for message in messages(broker, "ocr.assist"))
    assert all(message.headers["expires"] for message in messages(broker, "ocr.assist"))


def test_an_attempt_that_is_due_gets_its_message_and_a_later_one_does_not(
    reaper: Reaper, repository: JobRepository, broker: Broker
) -> None:
    due, later = (job_claimed_in(repository, Stage.FETCH_DECRYPT) for _ in range(2))
    repository.retry_later(due, lambda _: 0)
    repository.retry_later(later, lambda _: HOUR)

    reaper.round()

    assert waiting(broker) == NOTHING | {"ocr.io": [due.id]}
    assert figures(repository.engine) == {"due": 1}


def test_a_job_without_an_attempt_left_fails_and_leaves_nothing(
    reaper: Reaper, repository: JobRepository, broker: Broker, plain: "S3Client", bucket: str
) -> None:
    job_id = lost(repository, Stage.ENCRYPT_UPLOAD, pages=1, attempts=5)
    mine = [staging_key(job_id), results_key("default", job_id, "text.txt")]
    other = results_key("default", submitted(repository.engine), "text.txt")
    for key in (*mine, other, "uploads/a"):
        plain.put_object(Bucket=bucket, Key=key, Body=b"x")

    reaper.round()

    row = row_of(repository.engine, job_id)
    assert (row.state, row.error_code) == (JobState.FAILED, "worker_lost")
    assert keys(plain, bucket) == {other, "uploads/a"}
    assert waiting(broker) == NOTHING
    assert figures(repository.engine) == {"lost": 1, "failed": 1}


def test_what_was_written_after_a_job_had_failed_is_removed_when_no_worker_can_write_any_more(
    reaper: Reaper, engine: Engine, plain: "S3Client", bucket: str
) -> None:
    late, recent = (job_in(engine, Stage.OCR, state=JobState.FAILED, finished_at=ago(s)) for s in (HOUR, 60))
    for job_id in (late, recent):
        plain.put_object(Bucket=bucket, Key=results_key("default", job_id, "text.txt"), Body=b"x")

    reaper.round()

    assert keys(plain, bucket) == {results_key("default", recent, "text.txt")}
    assert [row_of(engine, job_id).cleaned for job_id in (late, recent)] == [True, False]


def test_orphans_are_looked_for_now_and_then(
    make_runtime: MakeRuntime, engine: Engine, plain: "S3Client", bucket: str
) -> None:
    reaper = Reaper(make_runtime(OCR_ORPHANS_SECONDS="86400"))
    job_id = job_in(engine, Stage.PERSIST, state=JobState.SUCCEEDED, finished_at=ago(1))
    found = []

    for _ in range(2):
        plain.put_object(Bucket=bucket, Key=staging_key(job_id), Body=b"x")
        reaper.round()
        found.append(figures(engine).get("orphans", 0))

    assert found == [1, 0]


def test_a_round_leaves_word_of_itself(reaper: Reaper, repository: JobRepository, broker: Broker) -> None:
    lost(repository, Stage.OCR, pages=1)

    reaper.round()

    with repository.engine.connect() as connection:
        row = connection.execute(text("SELECT name, seconds, now() - round_at AS age FROM reaper")).one()
    assert row.name.partition(":")[2].isdigit()
    assert 0 < row.seconds < 60
    assert row.age < timedelta(seconds=10)

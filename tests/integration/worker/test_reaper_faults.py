"""The reaper when something is away, hangs or cannot be done: the rest is done all the same."""

from typing import TYPE_CHECKING

import redis
from sqlalchemy import Engine, text

from ocr_platform.db.repository import JobRepository
from ocr_platform.models import JobState, Stage
from ocr_platform.staging import results_key, staging_key
from ocr_platform.worker.reaper import Reaper
from tests.conftest import Servers
from tests.integration.db.support import ago, change, job_claimed_in, job_in, row_of
from tests.integration.worker.conftest import MakeRuntime
from tests.integration.worker.support import HOUR, NOTHING, age_outbox, figures, keys, lost, waiting

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Broker = redis.Redis


def test_without_a_bucket_the_other_parts_are_done(
    make_runtime: MakeRuntime, repository: JobRepository, broker: Broker
) -> None:
    # Given a bucket that is not there, and something to do for every part
    engine = repository.engine
    reaper = Reaper(make_runtime(S3_BUCKET_NAME="not-there"))
    spent = lost(repository, Stage.PERSIST, pages=1, attempts=5)
    woken = {lost(repository, Stage.OCR, pages=1) for _ in range(3)}
    retried = job_claimed_in(repository, Stage.FETCH_DECRYPT)
    repository.retry_later(retried, lambda _: 0)
    job_in(engine, Stage.OCR, state=JobState.FAILED, finished_at=ago(HOUR))
    age_outbox(engine)

    assert reaper.round()

    found = waiting(broker)
    assert set(found["ocr.cpu"]) == woken
    assert retried.id in found["ocr.io"]
    assert row_of(engine, spent).state == JobState.FAILED
    assert figures(engine) == {"lost": 4, "failed": 1, "due": 1, "outbox": 6}


def test_a_failed_job_whose_objects_cannot_be_removed_does_not_keep_the_others_dirty(
    make_runtime: MakeRuntime, engine: Engine, plain: "S3Client", servers: Servers
) -> None:
    # Given a legal hold on what the first of two failed jobs has stored
    locked = f"test-locked-{engine.url.database}"[:60].replace("_", "-")
    plain.create_bucket(
        Bucket=locked,
        CreateBucketConfiguration={"LocationConstraint": servers.aws.region},  # type: ignore[typeddict-item]
        ObjectLockEnabledForBucket=True,
    )
    first, second = (job_in(engine, Stage.OCR, state=JobState.FAILED, finished_at=ago(s)) for s in (2 * HOUR, HOUR))
    held, free = (results_key("default", job_id, "text.txt") for job_id in (first, second))
    for key in (held, free):
        plain.put_object(Bucket=locked, Key=key, Body=b"x")
    plain.put_object_legal_hold(Bucket=locked, Key=held, LegalHold={"Status": "ON"})

    Reaper(make_runtime(S3_BUCKET_NAME=locked)).round()

    assert keys(plain, locked) == {held}
    assert [row_of(engine, job_id).cleaned for job_id in (first, second)] == [False, True]


def test_without_redis_jobs_are_found_and_get_their_messages_when_it_is_back(
    make_runtime: MakeRuntime, repository: JobRepository, broker: Broker, plain: "S3Client", bucket: str
) -> None:
    # Given nobody on Redis' port
    engine = repository.engine
    cut_off = make_runtime(REDIS_PORT="1")
    first = Reaper(cut_off)
    job_id = lost(repository, Stage.OCR, pages=1)
    orphan = staging_key(job_in(engine, Stage.PERSIST, state=JobState.SUCCEEDED, finished_at=ago(1)))
    plain.put_object(Bucket=bucket, Key=orphan, Body=b"x")

    assert first.round()
    first._lock.release()

    assert keys(plain, bucket) == set()
    assert row_of(engine, job_id).lease_until is None
    change(engine, job_id, woken_at=ago(HOUR))
    assert Reaper(make_runtime()).round()
    assert waiting(broker)["ocr.cpu"] == [job_id]


def test_of_two_reapers_one_works_and_the_other_rests(
    make_runtime: MakeRuntime, repository: JobRepository, broker: Broker
) -> None:
    first, second = (Reaper(make_runtime()) for _ in range(2))
    second._name = "elsewhere:1"  # both are in this process

    assert [first.round(), second.round()] == [True, False]
    job_id = lost(repository, Stage.OCR, pages=1)
    assert not second.round()
    assert waiting(broker) == NOTHING
    assert first.round()
    assert waiting(broker)["ocr.cpu"] == [job_id]


def test_a_reaper_that_stepped_in_works_until_the_silent_one_is_back(
    make_runtime: MakeRuntime, repository: JobRepository, broker: Broker
) -> None:
    # Given an active reaper that hangs, on a connection that lives; rounds are every five seconds, patience 100
    hung, other = (Reaper(make_runtime()) for _ in range(2))
    other._name = "elsewhere:1"  # both are in this process
    hung.round()
    with repository.engine.begin() as connection:
        connection.execute(text("UPDATE reaper SET round_at = now() - interval '2 minutes'"))

    stepped_in = [other.round() for _ in range(3)]
    back = [hung.round(), other.round()]

    assert stepped_in == [True, True, True]
    assert back == [True, False]


def test_a_reaper_that_lost_its_connection_goes_on_in_the_round_after(
    reaper: Reaper, repository: JobRepository, broker: Broker
) -> None:
    reaper.round()
    job_id = lost(repository, Stage.OCR, pages=1)
    with repository.engine.connect() as connection:
        others = "pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid, 5000) FROM {others}"))  # noqa: S608

    rounds = [reaper.round() for _ in range(3)]

    assert rounds == [False, True, True]
    assert waiting(broker)["ocr.cpu"] == [job_id]


def test_without_a_database_a_round_is_nothing_and_raises_nothing(make_runtime: MakeRuntime, broker: Broker) -> None:
    reaper = Reaper(make_runtime(DB_PORT="1"))

    assert [reaper.round(), reaper.round()] == [False, False]
    assert waiting(broker) == NOTHING

"""What is staged and will never be used is removed: all versions of it, and nothing that somebody may still need."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from ocr_platform.aws.s3 import S3Store
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.models import JobState, Stage
from ocr_platform.staging import results_key, staging_key, staging_prefix
from ocr_platform.worker import orphans
from ocr_platform.worker.orphans import remove_orphans
from tests.integration.aws.support import small_pages
from tests.integration.db.support import ago, job_in, submitted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TERMINAL = [state for state in JobState if state.terminal]


@pytest.fixture
def unknown_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody knows is not waited for: the emulator cannot be told that an object is old."""
    monkeypatch.setattr(orphans, "_UNKNOWN_AGE", timedelta(microseconds=1))


def left(plain: "S3Client", bucket: str, prefix: str = "") -> int:
    """Versions and delete markers under a prefix."""
    page = plain.list_object_versions(Bucket=bucket, Prefix=prefix)
    return len(page.get("Versions", ())) + len(page.get("DeleteMarkers", ()))


def stage_twice_and_delete(plain: "S3Client", bucket: str, prefix: str) -> None:
    """Two objects, one of them with an older version and a delete marker: four entries."""
    for name in ("a.json", "a.json", "b.json"):
        plain.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=b"x")
    plain.delete_object(Bucket=bucket, Key=f"{prefix}a.json")


def ended(engine: Engine, state: JobState) -> UUID:
    return job_in(engine, Stage.PERSIST, state=state, finished_at=ago(0))


@pytest.mark.parametrize("state", TERMINAL)
def test_what_a_job_that_has_ended_left_is_removed_with_all_versions(
    state: JobState, engine: Engine, log: ReaperLog, store: S3Store, plain: "S3Client", bucket: str
) -> None:
    job_id = ended(engine, state)
    stage_twice_and_delete(plain, bucket, staging_prefix(job_id))

    assert remove_orphans(store, log.states) == 4
    assert left(plain, bucket) == 0
    assert remove_orphans(store, log.states) == 0


@pytest.mark.parametrize(
    "make", [submitted, lambda engine: job_in(engine, Stage.OCR, pages=2)], ids=["queued", "running"]
)
def test_what_an_open_job_has_staged_stays(
    make: Callable[[Engine], UUID], engine: Engine, log: ReaperLog, store: S3Store, plain: "S3Client", bucket: str
) -> None:
    stage_twice_and_delete(plain, bucket, staging_prefix(make(engine)))
    stage_twice_and_delete(plain, bucket, staging_prefix(ended(engine, JobState.FAILED)))

    assert remove_orphans(store, log.states) == 4
    assert left(plain, bucket) == 4


def test_what_nobody_knows_stays_while_it_is_young(
    engine: Engine, log: ReaperLog, store: S3Store, plain: "S3Client", bucket: str
) -> None:
    # Given a database that was restored from a backup, and may not know the newest jobs
    stage_twice_and_delete(plain, bucket, staging_prefix(uuid4()))

    assert remove_orphans(store, log.states) == 0
    assert left(plain, bucket) == 4


@pytest.mark.usefixtures("unknown_at_once")
@pytest.mark.parametrize("folder", [str(UUID(int=7)), "no-job", "7", str(UUID(int=7)).upper().replace("0", "A")])
def test_what_nobody_has_known_for_long_is_removed(
    folder: str, engine: Engine, log: ReaperLog, store: S3Store, plain: "S3Client", bucket: str
) -> None:
    stage_twice_and_delete(plain, bucket, f"work/{folder}/")

    assert remove_orphans(store, log.states) == 4
    assert left(plain, bucket) == 0


@pytest.mark.usefixtures("unknown_at_once")
def test_several_folders_that_are_no_jobs_are_all_removed(
    engine: Engine, log: ReaperLog, store: S3Store, plain: "S3Client", bucket: str
) -> None:
    for folder in ("one", "two", "three"):
        plain.put_object(Bucket=bucket, Key=f"work/{folder}/a.json", Body=b"x")

    assert remove_orphans(store, log.states) == 3


def test_results_and_sources_are_never_touched(
    engine: Engine, log: ReaperLog, store: S3Store, plain: "S3Client", bucket: str
) -> None:
    job_id = ended(engine, JobState.SUCCEEDED)
    for key in (results_key("default", job_id, "text.txt"), f"uploads/{job_id}", f"letters/{job_id}/a.json"):
        plain.put_object(Bucket=bucket, Key=key, Body=b"x")

    assert remove_orphans(store, log.states) == 0
    assert left(plain, bucket) == 3


def test_a_bucket_without_orphans_costs_one_question_about_jobs(store: S3Store) -> None:
    asked: list[int] = []

    def states(job_ids: object) -> dict[UUID, JobState]:
        asked.append(1)
        return {}

    assert remove_orphans(store, states) == 0
    assert len(asked) <= 1


def test_uploads_in_parts_that_were_given_up_are_aborted(
    engine: Engine, log: ReaperLog, store: S3Store, plain: "S3Client", bucket: str
) -> None:
    # Given uploads that were begun in 2010, as the emulator has it, one of them an application's
    for key in (staging_key(uuid4()), results_key("default", uuid4(), "text.txt"), "uploads/a"):
        plain.create_multipart_upload(Bucket=bucket, Key=key)

    assert remove_orphans(store, log.states) == 2
    assert [each["Key"] for each in plain.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["uploads/a"]


def test_more_folders_than_s3_lists_at_once_are_all_looked_at(
    engine: Engine, log: ReaperLog, store: S3Store, plain: "S3Client", bucket: str
) -> None:
    # Given pages of four instead of a thousand, ten jobs that have ended, and one that is open in the middle of them
    open_job = submitted(engine)
    jobs = sorted([open_job, *(ended(engine, JobState.FAILED) for _ in range(10))])
    for job_id in jobs:
        stage_twice_and_delete(plain, bucket, staging_prefix(job_id))
    small_pages(store, 4)

    # When the reaper has come by a few times: the emulator leaves out a folder between two pages
    removed = [remove_orphans(store, log.states) for _ in range(3)]

    assert removed[0] > 4 * 4
    assert sum(removed) == 10 * 4
    assert left(plain, bucket) == left(plain, bucket, staging_prefix(open_job)) == 4

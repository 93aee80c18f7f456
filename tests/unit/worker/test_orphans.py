"""What is removed from the bucket though no job asks for it; the bucket is a fake with folders and ages."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID, uuid4

import pytest

from ocr_platform.aws.s3 import S3Store
from ocr_platform.errors import DatabaseUnavailable
from ocr_platform.models import JobState
from ocr_platform.staging import staging_key, staging_prefix
from ocr_platform.worker.orphans import remove_orphans

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


class Bucket:
    """The part of `S3Store` that looks for orphans; objects by key with their age, folders two at a time."""

    def __init__(self, **ages: timedelta) -> None:
        self.ages = ages
        self.aborted: list[tuple[str, timedelta]] = []

    @property
    def store(self) -> S3Store:
        return cast(S3Store, self)

    def stage(self, job_id: UUID, age: timedelta = HOUR) -> str:
        key = staging_key(job_id)
        self.ages[key] = age
        return key

    def folders(self, root: str) -> Iterator[list[str]]:
        names = sorted(
            {root + key.removeprefix(root).partition("/")[0] + "/" for key in self.ages if key.startswith(root)}
        )
        for start in range(0, len(names), 2):
            yield names[start : start + 2]

    def remove_all(self, prefix: str, older_than: timedelta = timedelta()) -> int:
        found = [key for key in self.ages if key.startswith(prefix)]
        if any(self.ages[key] < older_than for key in found):
            return 0
        for key in found:
            del self.ages[key]
        return len(found)

    def abort_uploads(self, root: str, older_than: timedelta) -> int:
        self.aborted.append((root, older_than))
        return 1


class Jobs(dict[UUID, JobState]):
    """Jobs that the database knows."""

    def states(self, job_ids: Sequence[UUID]) -> Mapping[UUID, JobState]:
        return {job_id: self[job_id] for job_id in job_ids if job_id in self}


@pytest.mark.parametrize("state", JobState)
def test_what_is_staged_stays_with_an_open_job_and_goes_with_one_that_has_ended(state: JobState) -> None:
    job_id = uuid4()
    bucket = Bucket()
    key = bucket.stage(job_id)

    remove_orphans(bucket.store, Jobs({job_id: state}).states)

    assert (key in bucket.ages) is not state.terminal


@pytest.mark.parametrize(("age", "stays"), [(HOUR, True), (WEEK, False)])
def test_what_nobody_knows_is_removed_once_no_restore_can_bring_its_job_back(age: timedelta, stays: bool) -> None:
    bucket = Bucket()
    key = bucket.stage(uuid4(), age)

    remove_orphans(bucket.store, Jobs().states)

    assert (key in bucket.ages) is stays


def test_folders_that_are_no_jobs_are_each_treated_as_unknown() -> None:
    bucket = Bucket(**{f"work/{name}/a.json": WEEK for name in ("one", "two", "three", "not-a-uuid")})

    remove_orphans(bucket.store, Jobs().states)

    assert bucket.ages == {}


def test_jobs_of_one_page_of_folders_are_told_apart() -> None:
    # Given many, half of them open
    bucket, jobs = Bucket(), Jobs()
    for number in range(9):
        job_id = uuid4()
        jobs[job_id] = JobState.RUNNING if number % 2 else JobState.SUCCEEDED
        for _ in range(2):
            bucket.stage(job_id)

    removed = remove_orphans(bucket.store, jobs.states)

    assert removed == 2 * 5 + 2  # and the uploads of two roots
    left = {key.rpartition("/")[0] + "/" for key in bucket.ages}
    assert left == {staging_prefix(job_id) for job_id, state in jobs.items() if state is JobState.RUNNING}


def test_sources_and_results_are_never_looked_at() -> None:
    ages = {"uploads/a": WEEK, f"results/default/{uuid4()}/text.txt": WEEK}
    bucket = Bucket(**ages)

    remove_orphans(bucket.store, Jobs().states)

    assert bucket.ages == ages


def test_uploads_in_parts_are_given_up_after_a_day_where_the_platform_writes() -> None:
    bucket = Bucket()

    assert remove_orphans(bucket.store, Jobs().states) == 2
    assert bucket.aborted == [("work/", timedelta(days=1)), ("results/", timedelta(days=1))]


def test_nothing_is_removed_when_the_database_cannot_be_asked() -> None:
    bucket = Bucket()
    bucket.stage(uuid4(), WEEK)

    def away(_: Sequence[UUID]) -> Mapping[UUID, JobState]:
        raise DatabaseUnavailable

    with pytest.raises(DatabaseUnavailable):
        remove_orphans(bucket.store, away)

    assert bucket.ages

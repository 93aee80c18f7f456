"""What many unit tests do first: take a job through its stages, fork a child that looks at something."""

import os
from collections.abc import Callable
from uuid import UUID

import pytest

from ocr_platform.models import Job, JobOptions, SourceFacts, SourceRef, Stage
from ocr_platform.steps import Pace, encrypt_upload, fetch_decrypt, recognise_pages
from ocr_platform.testing import KMS_KEY, FakeReader, InMemoryRepository, InMemoryStore

FACTS = SourceFacts("1", 8, "aws:kms", KMS_KEY, bucket_key_enabled=True)
UNHURRIED = Pace(batch_pages=100, batch_seconds=1e6, slice_seconds=1e6)

# From 3.12 on Python warns of forks beside threads; these children only look, and leave.
forks = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def true_in_child(look: Callable[[], bool]) -> bool:
    """What `look` finds in a forked child."""
    return answer_of(forked(look))


def forked(look: Callable[[], bool]) -> int:
    """The process id of a forked child that looks, and leaves."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = 0 if look() else 1
        finally:
            os._exit(code)
    return child


def answer_of(child: int) -> bool:
    """What a forked child found, once it has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def claimed(repository: InMemoryRepository, job_id: UUID, stage: Stage) -> Job:
    """The job under a new claim."""
    job = repository.claim(job_id, stage)
    assert job is not None
    return job


def helper(repository: InMemoryRepository, job_id: UUID) -> Job:
    """The job as one more helper has it."""
    job = repository.assist(job_id)
    assert job is not None
    return job


def planned(
    store: InMemoryStore,
    repository: InMemoryRepository,
    reader: FakeReader,
    source: SourceRef,
    options: JobOptions | None = None,
    tenant: str = "default",
) -> UUID:
    """A job whose pages wait for a worker."""
    job_id = repository.add(source, options, tenant)
    job = claimed(repository, job_id, Stage.FETCH_DECRYPT)
    assert fetch_decrypt(job, store, reader, repository, UNHURRIED)
    return job_id


def recognised(
    store: InMemoryStore,
    repository: InMemoryRepository,
    reader: FakeReader,
    source: SourceRef,
    options: JobOptions | None = None,
    tenant: str = "default",
) -> UUID:
    """A job whose pages are all staged, two in an object."""
    job_id = planned(store, repository, reader, source, options, tenant)
    following = recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, Pace(2, 1e6, 1e6))
    assert following is not None
    assert following.stage is Stage.ENCRYPT_UPLOAD
    return job_id


def delivered(store: InMemoryStore, repository: InMemoryRepository, reader: FakeReader, source: SourceRef) -> UUID:
    """A job whose outputs are written, and which only has to end."""
    job_id = recognised(store, repository, reader, source)
    assert encrypt_upload(claimed(repository, job_id, Stage.ENCRYPT_UPLOAD), store, FakeReader(), repository)
    return job_id

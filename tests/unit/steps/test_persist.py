from uuid import UUID

import pytest

from ocr_platform.errors import PageDamaged, PageTimeout, PlatformError, StorageUnavailable
from ocr_platform.models import JobState, OutputFormat, Stage
from ocr_platform.steps import Pace, encrypt_upload, fetch_decrypt, persist, recognise_pages
from ocr_platform.testing import FakeReader, InMemoryRepository, InMemoryStore


def _uploaded(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, reader: FakeReader) -> UUID:
    job_id = repository.add(store.put_source(pdf))
    repository.begin(job_id, Stage.FETCH_DECRYPT)
    fetch_decrypt(repository.job(job_id), store, reader, repository)
    recognise_pages(repository.job(job_id), store, reader, repository, Pace(8, 1e6, 1e6))
    assert encrypt_upload(repository.job(job_id), store, repository) is Stage.PERSIST
    return job_id


def _staged(store: InMemoryStore) -> list[str]:
    return [key for key in store.objects if key.startswith("work/")]


def test_good_document_succeeds_with_its_outputs_and_nothing_staged(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _uploaded(store, repository, pdf, FakeReader(["one", "two"], confidence=88.0))

    assert persist(repository.job(job_id), store, repository) is JobState.SUCCEEDED

    status = repository.status(job_id)
    assert status.state is JobState.SUCCEEDED
    assert status.confidence == pytest.approx(88.0)
    assert [output.format for output in status.outputs] == list(OutputFormat)
    assert status.finished_at
    assert _staged(store) == []


def test_some_failed_pages_make_the_job_partial(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _uploaded(store, repository, pdf, FakeReader(["one", "two"], faults={1: PageTimeout()}))

    assert persist(repository.job(job_id), store, repository) is JobState.PARTIAL
    assert repository.status(job_id).pages_failed == {1: "page_timeout"}
    assert repository.status(job_id).error is None


@pytest.mark.parametrize(("fault", "code"), [(PageDamaged(), "document_damaged"), (PageTimeout(), "page_timeout")])
def test_all_pages_failed_fails_the_job_without_outputs(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, fault: PlatformError, code: str
) -> None:
    job_id = _uploaded(store, repository, pdf, FakeReader(["one", "two"], faults={1: fault, 2: fault}))

    assert persist(repository.job(job_id), store, repository) is JobState.FAILED

    status = repository.status(job_id)
    assert status.error
    assert status.error.code == code
    assert status.outputs == ()
    assert _staged(store) == []


def test_job_does_not_end_before_its_staged_pages_are_gone(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _uploaded(store, repository, pdf, FakeReader())
    store.inject("remove_all", StorageUnavailable())

    with pytest.raises(StorageUnavailable):
        persist(repository.job(job_id), store, repository)

    assert not repository.status(job_id).state.terminal


def test_crash_between_cleaning_up_and_the_end_only_repeats_the_cleaning(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _uploaded(store, repository, pdf, FakeReader())
    repository.inject("finish", RuntimeError("killed"))
    with pytest.raises(RuntimeError, match="killed"):
        persist(repository.job(job_id), store, repository)

    assert persist(repository.job(job_id), store, repository) is JobState.SUCCEEDED


def test_only_one_of_two_ends_the_job(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job_id = _uploaded(store, repository, pdf, FakeReader())
    job = repository.job(job_id)

    assert [persist(job, store, repository) for _ in range(2)] == [JobState.SUCCEEDED, None]


def test_other_jobs_keep_what_they_have_staged(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _uploaded(store, repository, pdf, FakeReader())
    _uploaded(store, repository, pdf, FakeReader())

    persist(repository.job(job_id), store, repository)

    assert len(_staged(store)) == 1

import pytest

from ocr_platform.errors import PageDamaged, PageTimeout, PlatformError, StorageUnavailable
from ocr_platform.models import DEFAULT_FORMATS, Job, JobState, Stage
from ocr_platform.steps import persist
from ocr_platform.testing import FakeReader, InMemoryRepository, InMemoryStore
from tests.unit.support import claimed, delivered


def _delivered(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, reader: FakeReader) -> Job:
    return claimed(repository, delivered(store, repository, reader, store.put_source(pdf)), Stage.PERSIST)


def _staged(store: InMemoryStore) -> list[str]:
    return [key for key in store.objects if key.startswith("work/")]


def test_good_document_succeeds_with_its_outputs_and_nothing_staged(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _delivered(store, repository, pdf, FakeReader(["one", "two"], confidence=88.0))

    assert persist(job, store, repository) is JobState.SUCCEEDED

    status = repository.status(job.id)
    assert status.state is JobState.SUCCEEDED
    assert status.confidence == pytest.approx(88.0)
    assert [output.format for output in status.outputs] == list(DEFAULT_FORMATS)
    assert status.finished_at
    assert _staged(store) == []


def test_some_failed_pages_make_the_job_partial(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _delivered(store, repository, pdf, FakeReader(["one", "two"], faults={1: PageTimeout()}))

    assert persist(job, store, repository) is JobState.PARTIAL
    assert repository.status(job.id).pages_failed == {1: "page_timeout"}
    assert repository.status(job.id).error is None


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (PageDamaged(), PageDamaged(), "document_damaged"),
        (PageTimeout(), PageTimeout(), "page_timeout"),
        (PageDamaged(), PageTimeout(), "page_timeout"),
    ],
)
def test_all_pages_failed_fails_the_job_without_outputs(
    store: InMemoryStore,
    repository: InMemoryRepository,
    pdf: bytes,
    first: PlatformError,
    second: PlatformError,
    code: str,
) -> None:
    job = _delivered(store, repository, pdf, FakeReader(["one", "two"], faults={1: first, 2: second}))

    assert persist(job, store, repository) is JobState.FAILED

    status = repository.status(job.id)
    assert status.error
    assert status.error.code == code
    assert status.outputs == ()
    assert _staged(store) == []


def test_staged_pages_that_cannot_be_removed_now_withhold_no_result(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _delivered(store, repository, pdf, FakeReader())
    store.inject("remove_all", StorageUnavailable())

    assert persist(job, store, repository) is JobState.SUCCEEDED
    assert _staged(store)


def test_crash_between_cleaning_up_and_the_end_only_repeats_the_cleaning(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _delivered(store, repository, pdf, FakeReader())
    repository.inject("finish", RuntimeError("killed"))
    with pytest.raises(RuntimeError, match="killed"):
        persist(job, store, repository)

    assert persist(job, store, repository) is JobState.SUCCEEDED


def test_only_one_of_two_ends_the_job(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job = _delivered(store, repository, pdf, FakeReader())

    assert [persist(job, store, repository) for _ in range(2)] == [JobState.SUCCEEDED, None]


def test_other_jobs_keep_what_they_have_staged(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _delivered(store, repository, pdf, FakeReader())
    _delivered(store, repository, pdf, FakeReader())

    persist(job, store, repository)

    assert len(_staged(store)) == 1


def test_worker_whose_claim_was_lost_does_not_end_the_job_and_the_newer_one_does(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    cut_off = _delivered(store, repository, pdf, FakeReader())
    repository.expire(cut_off.id)
    newer = claimed(repository, cut_off.id, Stage.PERSIST)

    assert persist(cut_off, store, repository) is None
    assert not repository.status(cut_off.id).state.terminal
    assert persist(newer, store, repository) is JobState.SUCCEEDED

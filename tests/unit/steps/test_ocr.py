from uuid import UUID

import pytest

from ocr_platform.errors import EngineMissing, PageDamaged, PageTimeout, SourceChanged, StorageUnavailable
from ocr_platform.models import JobState, SourceRef, Stage
from ocr_platform.staging import staging_prefix, unpack
from ocr_platform.steps import Pace, fetch_decrypt, recognise_pages
from ocr_platform.testing import FakeReader, InMemoryRepository, InMemoryStore

SECONDS_A_PAGE = 10.0
UNHURRIED = Pace(batch_pages=100, batch_seconds=1e6, slice_seconds=1e6)


def _pace(reader: FakeReader, *, batch_pages: int = 100, batch: float = 1e6, slice_: float = 1e6) -> Pace:
    """A pace by a clock on which every page takes SECONDS_A_PAGE."""
    return Pace(batch_pages, batch, slice_, clock=lambda: SECONDS_A_PAGE * len(reader.recognised))


def _planned(store: InMemoryStore, repository: InMemoryRepository, reader: FakeReader, source: SourceRef) -> UUID:
    job_id = repository.add(source)
    repository.begin(job_id, Stage.FETCH_DECRYPT)
    assert fetch_decrypt(repository.job(job_id), store, reader, repository) is Stage.OCR
    return job_id


def _batches(store: InMemoryStore, job_id: UUID) -> list[list[int]]:
    """Page numbers of each staged object."""
    bodies = [body for key, body in store.objects.items() if key.startswith(staging_prefix(job_id))]
    return [[page.number for page in unpack(body)] for body in bodies]


def test_all_pages_are_recognised_staged_and_handed_on(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    reader = FakeReader(["one", "two", "three"])
    job_id = _planned(store, repository, reader, store.put_source(pdf))

    following = recognise_pages(repository.job(job_id), store, reader, repository, UNHURRIED)

    assert following is Stage.ENCRYPT_UPLOAD
    assert reader.recognised == [1, 2, 3]
    assert _batches(store, job_id) == [[1, 2, 3]]
    assert repository.status(job_id).pages_done == 3


def test_batches_have_at_most_as_many_pages_as_asked_for(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    reader = FakeReader(["page"] * 5)
    job_id = _planned(store, repository, reader, store.put_source(pdf))

    recognise_pages(repository.job(job_id), store, reader, repository, _pace(reader, batch_pages=2))

    assert _batches(store, job_id) == [[1, 2], [3, 4], [5]]


def test_batch_ends_when_its_time_is_over(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    reader = FakeReader(["page"] * 5)
    job_id = _planned(store, repository, reader, store.put_source(pdf))

    recognise_pages(repository.job(job_id), store, reader, repository, _pace(reader, batch=2 * SECONDS_A_PAGE))

    assert _batches(store, job_id) == [[1, 2], [3, 4], [5]]


def test_batch_without_time_still_does_a_page(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    reader = FakeReader(["page"] * 3)
    job_id = _planned(store, repository, reader, store.put_source(pdf))

    following = recognise_pages(repository.job(job_id), store, reader, repository, _pace(reader, batch=0))

    assert following is Stage.ENCRYPT_UPLOAD
    assert _batches(store, job_id) == [[1], [2], [3]]


def test_time_slice_hands_the_job_back_and_the_next_one_goes_on(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given five pages, and time for two
    reader = FakeReader(["page"] * 5)
    job_id = _planned(store, repository, reader, store.put_source(pdf))
    pace = _pace(reader, batch_pages=1, slice_=2 * SECONDS_A_PAGE)

    # When
    first = recognise_pages(repository.job(job_id), store, reader, repository, pace)
    done = list(reader.recognised)
    rest = [recognise_pages(repository.job(job_id), store, reader, repository, pace) for _ in range(2)]

    # Then each page was recognised once
    assert (first, done) == (Stage.OCR, [1, 2])
    assert rest == [Stage.OCR, Stage.ENCRYPT_UPLOAD]
    assert reader.recognised == [1, 2, 3, 4, 5]


def test_slice_that_ends_with_the_last_page_hands_the_job_on(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    reader = FakeReader(["page"] * 2)
    job_id = _planned(store, repository, reader, store.put_source(pdf))
    pace = _pace(reader, slice_=2 * SECONDS_A_PAGE)

    assert recognise_pages(repository.job(job_id), store, reader, repository, pace) is Stage.ENCRYPT_UPLOAD


def test_failed_pages_are_recorded_and_the_others_go_on(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    reader = FakeReader(["one", "two", "three"], faults={1: PageTimeout(), 3: PageDamaged()})
    job_id = _planned(store, repository, reader, store.put_source(pdf))

    following = recognise_pages(repository.job(job_id), store, reader, repository, UNHURRIED)

    assert following is Stage.ENCRYPT_UPLOAD
    assert repository.status(job_id).pages_failed == {1: "page_timeout", 3: "page_damaged"}


def test_changed_source_is_refused_before_a_page_is_recognised(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    reader = FakeReader()
    source = store.put_source(pdf)
    job_id = _planned(store, repository, reader, source)
    store.put_source(pdf + b" changed", source.key, version_id=source.version_id)

    with pytest.raises(SourceChanged):
        recognise_pages(repository.job(job_id), store, reader, repository, UNHURRIED)

    assert reader.recognised == []


def test_batch_that_could_not_be_staged_is_done_again(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given S3 fails at the second batch
    reader = FakeReader(["page"] * 3)
    job_id = _planned(store, repository, reader, store.put_source(pdf))
    pace = _pace(reader, batch_pages=2)
    recognised_before = [1, 2]
    store.inject("write", StorageUnavailable())

    # When it is tried, and tried again
    with pytest.raises(StorageUnavailable):
        recognise_pages(repository.job(job_id), store, reader, repository, pace)
    assert reader.recognised == recognised_before
    following = recognise_pages(repository.job(job_id), store, reader, repository, pace)

    # Then nothing of it was lost
    assert following is Stage.ENCRYPT_UPLOAD
    assert _batches(store, job_id) == [[1, 2], [3]]


def test_missing_engine_is_raised_and_no_page_is_blamed(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    reader = FakeReader(faults={1: EngineMissing()})
    job_id = _planned(store, repository, reader, store.put_source(pdf))

    with pytest.raises(EngineMissing):
        recognise_pages(repository.job(job_id), store, reader, repository, UNHURRIED)

    assert repository.unfinished(job_id, 10) == [1]


def test_nothing_left_to_do_hands_the_job_on_without_opening_the_source(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given a worker that died between its last checkpoint and the hand-over
    reader = FakeReader(["one"])
    job_id = _planned(store, repository, reader, store.put_source(pdf))
    page = FakeReader(["one"])
    recognise_pages(repository.job(job_id), store, page, repository, UNHURRIED)
    repository.displace(job_id, stage=Stage.OCR)
    store.inject("open_source", StorageUnavailable())

    assert recognise_pages(repository.job(job_id), store, reader, repository, UNHURRIED) is Stage.ENCRYPT_UPLOAD


@pytest.mark.parametrize("change", [JobState.CANCELLED, JobState.FAILED])
def test_lost_hand_over_publishes_nothing(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, change: JobState
) -> None:
    reader = FakeReader()
    job_id = _planned(store, repository, reader, store.put_source(pdf))
    repository.displace(job_id, state=change)

    assert recognise_pages(repository.job(job_id), store, reader, repository, UNHURRIED) is None

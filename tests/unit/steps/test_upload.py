import json
from uuid import UUID

import pytest

from ocr_platform.errors import OutputConflict, PageDamaged, PlatformError, SourceChanged, StorageUnavailable
from ocr_platform.models import JobOptions, JobState, PageResult, Stage
from ocr_platform.staging import pack, results_key, staging_key
from ocr_platform.steps import Pace, encrypt_upload, fetch_decrypt, recognise_pages
from ocr_platform.testing import FakeReader, InMemoryRepository, InMemoryStore


def _recognised(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, reader: FakeReader, formats: str = "text,json"
) -> UUID:
    job_id = repository.add(store.put_source(pdf), JobOptions.of("eng", formats), "clinic")
    repository.begin(job_id, Stage.FETCH_DECRYPT)
    fetch_decrypt(repository.job(job_id), store, reader, repository)
    following = recognise_pages(repository.job(job_id), store, reader, repository, Pace(2, 1e6, 1e6))
    assert following is Stage.ENCRYPT_UPLOAD
    return job_id


def test_every_output_that_was_asked_for_lies_at_its_place(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _recognised(store, repository, pdf, FakeReader(["one", "two", "three"]))

    following = encrypt_upload(repository.job(job_id), store, repository)

    assert following is Stage.PERSIST
    text, words = results_key("clinic", job_id, "text.txt"), results_key("clinic", job_id, "words.json")
    assert store.objects[text] == b"one\ftwo\fthree"
    assert [page["number"] for page in json.loads(store.objects[words])["pages"]] == [1, 2, 3]
    assert store.content_types[text] == "text/plain; charset=utf-8"
    assert store.content_types[words] == "application/json"


def test_outputs_that_were_not_asked_for_are_not_made(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _recognised(store, repository, pdf, FakeReader(), formats="json")

    encrypt_upload(repository.job(job_id), store, repository)

    assert [key for key in store.objects if key.startswith("results/")] == [results_key("clinic", job_id, "words.json")]


def test_pages_that_failed_leave_a_gap_in_the_text(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _recognised(store, repository, pdf, FakeReader(["one", "two", "three"], faults={2: PageDamaged()}))

    encrypt_upload(repository.job(job_id), store, repository)

    assert store.objects[results_key("clinic", job_id, "text.txt")] == b"one\f\fthree"


def test_no_page_recognised_means_no_outputs(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job_id = _recognised(store, repository, pdf, FakeReader(["a", "b"], faults={1: PageDamaged(), 2: PageDamaged()}))

    following = encrypt_upload(repository.job(job_id), store, repository)

    assert following is Stage.PERSIST
    assert not any(key.startswith("results/") for key in store.objects)


def test_blank_pages_are_recognised_pages(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job_id = _recognised(store, repository, pdf, FakeReader(["", ""]))

    encrypt_upload(repository.job(job_id), store, repository)

    assert store.objects[results_key("clinic", job_id, "text.txt")] == b"\f"


def test_page_that_two_workers_staged_counts_once(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given a straggler that staged page 1 too, after it was checkpointed by another worker
    job_id = _recognised(store, repository, pdf, FakeReader(["one", "two"]))
    late = [PageResult(1, text="LATE")]
    staged = store.write(staging_key(job_id), pack(late), "application/json")
    assert repository.checkpoint(job_id, late, staged) == 0

    encrypt_upload(repository.job(job_id), store, repository)

    assert store.objects[results_key("clinic", job_id, "text.txt")] == b"one\ftwo"


def test_second_try_after_a_crash_meets_its_own_outputs(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given the database went away after the outputs were stored
    job_id = _recognised(store, repository, pdf, FakeReader())
    repository.inject("record_outputs", StorageUnavailable())
    with pytest.raises(StorageUnavailable):
        encrypt_upload(repository.job(job_id), store, repository)
    stored = dict(store.objects)

    assert encrypt_upload(repository.job(job_id), store, repository) is Stage.PERSIST
    assert store.objects == stored


def test_other_bytes_at_an_outputs_place_are_not_overwritten(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _recognised(store, repository, pdf, FakeReader())
    key = results_key("clinic", job_id, "text.txt")
    store.write(key, b"somebody else's", "text/plain")

    with pytest.raises(OutputConflict):
        encrypt_upload(repository.job(job_id), store, repository)

    assert store.objects[key] == b"somebody else's"


def test_staged_pages_that_were_changed_are_not_delivered(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _recognised(store, repository, pdf, FakeReader())
    (key,) = store.objects
    store.tamper(key, pack([PageResult(1, text="forged")]))

    with pytest.raises(PlatformError) as caught:
        encrypt_upload(repository.job(job_id), store, repository)

    assert caught.type is SourceChanged
    assert not any(key.startswith("results/") for key in store.objects)


def test_lost_hand_over_publishes_nothing(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job_id = _recognised(store, repository, pdf, FakeReader())
    repository.displace(job_id, state=JobState.CANCELLED)

    assert encrypt_upload(repository.job(job_id), store, repository) is None

import json
import logging

import pytest

from ocr_platform.errors import (
    DocumentDamaged,
    OutputConflict,
    OutputTooLarge,
    PageDamaged,
    PageTimeout,
    PdfaMissing,
    PdfaRefused,
    PlatformError,
    ScratchFull,
    SourceChanged,
    SourceMissing,
    StorageUnavailable,
)
from ocr_platform.models import HandOver, Job, JobOptions, JobState, OutputFormat, PageResult, Stage
from ocr_platform.staging import pack, results_key, staging_key
from ocr_platform.steps import encrypt_upload, persist, recognise_pages
from ocr_platform.testing import FakeReader, InMemoryRepository, InMemoryStore
from tests.unit.support import UNHURRIED, claimed, helper, planned, recognised


def _recognised(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, reader: FakeReader, formats: str = "text,json"
) -> Job:
    options = JobOptions.of("eng", formats)
    job_id = recognised(store, repository, reader, store.put_source(pdf), options, "clinic")
    return claimed(repository, job_id, Stage.ENCRYPT_UPLOAD)


def test_every_output_that_was_asked_for_lies_at_its_place(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _recognised(store, repository, pdf, FakeReader(["one", "two", "three"]))

    following = encrypt_upload(job, store, FakeReader(), repository)

    assert following == HandOver(Stage.PERSIST)
    text, words = results_key("clinic", job.id, "text.txt"), results_key("clinic", job.id, "words.json")
    assert store.objects[text] == b"one\ftwo\fthree"
    assert [page["number"] for page in json.loads(store.objects[words])["pages"]] == [1, 2, 3]
    assert store.content_types[text] == "text/plain; charset=utf-8"
    assert store.content_types[words] == "application/json"


def test_outputs_that_were_not_asked_for_are_not_made(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _recognised(store, repository, pdf, FakeReader(), formats="json")

    encrypt_upload(job, store, FakeReader(), repository)

    assert [key for key in store.objects if key.startswith("results/")] == [results_key("clinic", job.id, "words.json")]


def test_pages_that_failed_leave_a_gap_in_the_text(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _recognised(store, repository, pdf, FakeReader(["one", "two", "three"], faults={2: PageDamaged()}))

    encrypt_upload(job, store, FakeReader(), repository)

    assert store.objects[results_key("clinic", job.id, "text.txt")] == b"one\f\fthree"


def test_no_page_recognised_means_no_outputs(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job = _recognised(store, repository, pdf, FakeReader(["a", "b"], faults={1: PageDamaged(), 2: PageDamaged()}))

    following = encrypt_upload(job, store, FakeReader(), repository)

    assert following == HandOver(Stage.PERSIST)
    assert not any(key.startswith("results/") for key in store.objects)


def test_blank_pages_are_recognised_pages(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job = _recognised(store, repository, pdf, FakeReader(["", ""]))

    encrypt_upload(job, store, FakeReader(), repository)

    assert store.objects[results_key("clinic", job.id, "text.txt")] == b"\f"


def test_page_that_two_workers_staged_counts_once(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given a helper that was silent for so long that another took its page, and that then staged it too
    reader = FakeReader(["one", "two"])
    job_id = planned(store, repository, reader, store.put_source(pdf), tenant="clinic")
    late, other = helper(repository, job_id), helper(repository, job_id)
    assert repository.claim_pages(late, 1) == [1]
    repository.expire(job_id)
    assert repository.claim_pages(other, 1) == [1]
    for job, text in ((late, "LATE"), (other, "one")):
        results = [PageResult(1, text=text)]
        staged = store.write(staging_key(job_id), pack(results), "application/json")
        assert repository.checkpoint(job, results, staged).new == (job is other)

    # When the rest is done and delivered
    recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, UNHURRIED)
    encrypt_upload(claimed(repository, job_id, Stage.ENCRYPT_UPLOAD), store, FakeReader(), repository)

    # Then
    assert store.objects[results_key("clinic", job_id, "text.txt")] == b"one\ftwo"


def test_second_try_after_a_crash_meets_its_own_outputs(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given the database went away after the outputs were stored
    job = _recognised(store, repository, pdf, FakeReader())
    repository.inject("record_outputs", StorageUnavailable())
    with pytest.raises(StorageUnavailable):
        encrypt_upload(job, store, FakeReader(), repository)
    stored = dict(store.objects)

    assert encrypt_upload(job, store, FakeReader(), repository) == HandOver(Stage.PERSIST)
    assert store.objects == stored


def test_output_goes_beside_other_bytes_and_once_it_counts_these_are_gone(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given an earlier try, of a worker of another version, left other bytes at the output's place
    job = _recognised(store, repository, pdf, FakeReader(["one"]))
    usual = results_key("clinic", job.id, "text.txt")
    store.write(usual, b"another version's", "text/plain")

    # When
    following = encrypt_upload(job, store, FakeReader(), repository)

    # Then one object is there for each output, and the job knows it
    assert following == HandOver(Stage.PERSIST)
    stored = {output.format: output.stored for output in repository.record(job.id).outputs}
    assert stored[OutputFormat.TEXT].key != usual
    assert store.read(stored[OutputFormat.TEXT]) == b"one"
    assert {key for key in store.objects if key.startswith("results/")} == {item.key for item in stored.values()}


def test_output_beside_other_bytes_is_gone_when_another_workers_counts(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given two workers of different versions, the older of which was cut off
    cut_off = _recognised(store, repository, pdf, FakeReader(["one"]))
    usual = results_key("clinic", cut_off.id, "text.txt")
    store.write(usual, b"another version's", "text/plain")
    repository.expire(cut_off.id)
    claimed(repository, cut_off.id, Stage.ENCRYPT_UPLOAD)

    # When it writes all the same
    assert encrypt_upload(cut_off, store, FakeReader(), repository) is None

    # Then the newer one's object is the only one
    assert [key for key in store.objects if key.endswith("text.txt")] == [usual]


def test_two_outputs_with_other_bytes_in_the_way_are_a_conflict_that_overwrites_neither(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _recognised(store, repository, pdf, FakeReader())
    keys = [results_key("clinic", job.id, name) for name in ("text.txt", f"{job.fence}-text.txt")]
    for key in keys:
        store.write(key, b"somebody else's", "text/plain")

    with pytest.raises(OutputConflict):
        encrypt_upload(job, store, FakeReader(), repository)

    assert [store.objects[key] for key in keys] == [b"somebody else's"] * 2


def test_staged_pages_that_were_changed_are_not_delivered(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _recognised(store, repository, pdf, FakeReader())
    (key,) = store.objects
    store.tamper(key, pack([PageResult(1, text="forged")]))

    with pytest.raises(PlatformError) as caught:
        encrypt_upload(job, store, FakeReader(), repository)

    assert caught.type is SourceChanged
    assert not any(key.startswith("results/") for key in store.objects)


def test_lost_hand_over_publishes_nothing(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job = _recognised(store, repository, pdf, FakeReader())
    repository.displace(job.id, state=JobState.CANCELLED)

    assert encrypt_upload(job, store, FakeReader(), repository) is None


def test_worker_whose_claim_was_lost_hands_nothing_over_and_the_newer_one_does(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given a worker that was cut off, and another that took over
    cut_off = _recognised(store, repository, pdf, FakeReader())
    repository.expire(cut_off.id)
    newer = claimed(repository, cut_off.id, Stage.ENCRYPT_UPLOAD)

    # When both write, then they write the same, and one of them hands over
    assert encrypt_upload(cut_off, store, FakeReader(), repository) is None
    stored = dict(store.objects)
    assert encrypt_upload(newer, store, FakeReader(), repository) == HandOver(Stage.PERSIST)
    assert store.objects == stored


def test_searchable_pdf_is_made_of_the_source_and_lies_beside_the_others(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    reader = FakeReader(["one", "two"])
    job = _recognised(store, repository, pdf, reader, formats="text,pdf")

    assert encrypt_upload(job, store, reader, repository) == HandOver(Stage.PERSIST)

    key = results_key("clinic", job.id, "searchable.pdf")
    assert store.objects[key] == b"%PDF-1.7\none\ftwo"
    assert store.content_types[key] == "application/pdf"
    assert repository.record(job.id).error is None


@pytest.mark.parametrize("fault", [DocumentDamaged(), OutputTooLarge(), PageTimeout()])
def test_pdf_that_cannot_be_made_costs_no_other_output_and_the_job_says_so(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, fault: Exception
) -> None:
    reader = FakeReader(["one"], pdf_fault=fault)
    job = _recognised(store, repository, pdf, reader, formats="pdf,text")

    assert encrypt_upload(job, store, reader, repository) == HandOver(Stage.PERSIST)
    state = persist(claimed(repository, job.id, Stage.PERSIST), store, repository)

    status = repository.status(job.id)
    assert state is JobState.PARTIAL
    assert [output.format for output in status.outputs] == [OutputFormat.TEXT]
    assert status.error is not None
    assert status.error.code == "output_failed"


def test_both_kinds_of_pdf_are_made_in_one_job(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader = FakeReader(["one"])
    job = _recognised(store, repository, pdf, reader, formats="pdf,pdfa")

    with caplog.at_level(logging.INFO):
        assert encrypt_upload(job, store, reader, repository) == HandOver(Stage.PERSIST)

    keys = {key for key in store.objects if key.startswith("results/")}
    assert keys == {results_key("clinic", job.id, name) for name in ("searchable.pdf", "document.pdfa.pdf")}
    assert {store.content_types[key] for key in keys} == {"application/pdf"}
    made = [vars(record) for record in caplog.records if record.message == "pdf_made"]
    assert [(record["output"], record["way"], record["lost"]) for record in made] == [
        ("pdf", "grafted", ""),
        ("pdfa", "grafted", ""),
    ]


@pytest.mark.parametrize("fault", [PdfaRefused(), PdfaMissing()])
def test_pdfa_that_cannot_be_made_costs_no_other_output_and_the_log_says_why(
    store: InMemoryStore,
    repository: InMemoryRepository,
    pdf: bytes,
    fault: PlatformError,
    caplog: pytest.LogCaptureFixture,
) -> None:
    reader = FakeReader(["one"], pdfa_fault=fault)
    job = _recognised(store, repository, pdf, reader, formats="pdfa,pdf")

    encrypt_upload(job, store, reader, repository)
    state = persist(claimed(repository, job.id, Stage.PERSIST), store, repository)

    status = repository.status(job.id)
    assert state is JobState.PARTIAL
    assert [output.format for output in status.outputs] == [OutputFormat.PDF]
    assert status.error is not None
    assert status.error.code == "output_failed"
    (told,) = (vars(record) for record in caplog.records if record.message == "output_failed")
    assert (told["output"], told["code"]) == ("pdfa", fault.code)


def test_source_that_is_gone_by_then_costs_the_pdf_alone(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    reader = FakeReader(["one"])
    job = _recognised(store, repository, pdf, reader, formats="text,pdf")
    store.inject("open_source", SourceMissing())

    assert encrypt_upload(job, store, reader, repository) == HandOver(Stage.PERSIST)

    assert [output.format for output in repository.record(job.id).outputs] == [OutputFormat.TEXT]


def test_fault_of_the_installation_while_a_pdf_is_made_is_tried_again(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    reader = FakeReader(["one"], pdf_fault=ScratchFull())
    job = _recognised(store, repository, pdf, reader, formats="pdf")

    with pytest.raises(ScratchFull):
        encrypt_upload(job, store, reader, repository)

    assert repository.record(job.id).outputs == ()

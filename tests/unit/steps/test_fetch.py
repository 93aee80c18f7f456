from uuid import UUID

import pytest

from ocr_platform.errors import (
    DocumentDamaged,
    FormatUnsupported,
    LanguageMissing,
    PasswordRequired,
    PlatformError,
    SourceChanged,
    SourceEmpty,
    SourceMissing,
    SourceNotAllowed,
    SourceNotEncrypted,
    SourceTooLarge,
    SourceUnversioned,
    SourceWrongKey,
    TooManyPages,
)
from ocr_platform.models import DocumentFormat, JobOptions, JobState, SourceRef, Stage
from ocr_platform.steps import fetch_decrypt
from ocr_platform.testing import OTHER_KMS_KEY, FakeReader, InMemoryRepository, InMemoryStore


def _begun(repository: InMemoryRepository, source: SourceRef, languages: str = "eng") -> UUID:
    job_id = repository.add(source, JobOptions.of(languages, "text"))
    assert repository.begin(job_id, Stage.FETCH_DECRYPT)
    return job_id


def test_good_document_gets_a_plan_and_moves_on(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job_id = _begun(repository, store.put_source(pdf))

    following = fetch_decrypt(repository.job(job_id), store, FakeReader(["a", "b", "c"]), repository)

    assert following is Stage.OCR
    job = repository.job(job_id)
    assert (job.page_count, job.source_format) == (3, DocumentFormat.PDF)
    assert job.source_sha256
    assert repository.unfinished(job_id, 10) == [1, 2, 3]


def test_missing_language_is_found_before_the_source_is_touched(
    store: InMemoryStore, repository: InMemoryRepository
) -> None:
    # Given a source that is not there either
    job_id = _begun(repository, SourceRef(store.bucket, "uploads/nowhere", "1"), "eng+xyz")

    # When, then: the message says what is missing and what there is
    with pytest.raises(LanguageMissing, match=r"xyz.*deu, eng"):
        fetch_decrypt(repository.job(job_id), store, FakeReader(languages=["eng", "deu"]), repository)


def _refused(store: InMemoryStore, pdf: bytes) -> dict[type[PlatformError], SourceRef]:
    return {
        SourceMissing: SourceRef(store.bucket, "uploads/nowhere", "1"),
        SourceNotAllowed: store.put_source(pdf, "results/default/1/text.txt"),
        SourceUnversioned: store.put_source(pdf, version_id="null"),
        SourceNotEncrypted: store.put_source(pdf, kms_key_id=None),
        SourceWrongKey: store.put_source(pdf, kms_key_id=OTHER_KMS_KEY),
        SourceEmpty: store.put_source(b""),
        SourceTooLarge: store.put_source(pdf + bytes(2 * 1024 * 1024)),
        FormatUnsupported: store.put_source(b"PK\x03\x04 a word processor's file"),
    }


@pytest.mark.parametrize(
    "error",
    [
        SourceMissing,
        SourceNotAllowed,
        SourceUnversioned,
        SourceNotEncrypted,
        SourceWrongKey,
        SourceEmpty,
        SourceTooLarge,
        FormatUnsupported,
    ],
)
def test_source_at_fault_raises_its_error_and_plans_nothing(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, error: type[PlatformError]
) -> None:
    job_id = _begun(repository, _refused(store, pdf)[error])

    with pytest.raises(error):
        fetch_decrypt(repository.job(job_id), store, FakeReader(), repository)

    assert repository.job(job_id).page_count is None


@pytest.mark.parametrize("fault", [PasswordRequired(), TooManyPages(), DocumentDamaged()])
def test_document_that_cannot_be_opened_raises_its_error(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, fault: PlatformError
) -> None:
    job_id = _begun(repository, store.put_source(pdf))

    with pytest.raises(type(fault)):
        fetch_decrypt(repository.job(job_id), store, FakeReader(document_fault=fault), repository)


def test_lost_hand_over_publishes_nothing(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    # Given a message that came twice, and the other worker was faster
    job_id = _begun(repository, store.put_source(pdf))
    job = repository.job(job_id)
    assert fetch_decrypt(job, store, FakeReader(["a"]), repository) is Stage.OCR

    # When, then
    assert fetch_decrypt(job, store, FakeReader(["a"]), repository) is None


def test_cancelled_job_gets_no_plan(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job_id = _begun(repository, store.put_source(pdf))
    repository.displace(job_id, state=JobState.CANCELLED)

    assert fetch_decrypt(repository.job(job_id), store, FakeReader(), repository) is None
    assert repository.unfinished(job_id, 10) == []


def test_other_bytes_than_those_first_seen_are_refused(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given a job whose source was hashed, and whose version now has other bytes
    source = store.put_source(pdf)
    job_id = _begun(repository, source)
    fetch_decrypt(repository.job(job_id), store, FakeReader(), repository)
    store.put_source(pdf + b" changed", source.key, version_id=source.version_id)

    with pytest.raises(SourceChanged):
        fetch_decrypt(repository.job(job_id), store, FakeReader(), repository)

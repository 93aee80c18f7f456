import pytest

from ocr_platform.errors import (
    DocumentDamaged,
    FormatUnsupported,
    LanguageMissing,
    PasswordRequired,
    PasswordUnavailable,
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
from ocr_platform.models import DocumentFormat, HandOver, Job, JobOptions, JobState, SourceRef, Stage
from ocr_platform.steps import Pace, fetch_decrypt
from ocr_platform.testing import OTHER_KMS_KEY, FakeReader, InMemoryPasswords, InMemoryRepository, InMemoryStore
from tests.unit.support import UNHURRIED, claimed


def _claimed(repository: InMemoryRepository, source: SourceRef, languages: str = "eng") -> Job:
    return claimed(repository, repository.add(source, JobOptions.of(languages, "text")), Stage.FETCH_DECRYPT)


def test_good_document_gets_a_plan_and_moves_on(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _claimed(repository, store.put_source(pdf))

    following = fetch_decrypt(job, store, FakeReader(["a", "b", "c"]), repository, UNHURRIED)

    assert following == HandOver(Stage.OCR)
    found = repository.record(job.id).job
    assert (found.page_count, found.source_format) == (3, DocumentFormat.PDF)
    assert found.source_sha256
    assert repository.claim_pages(claimed(repository, job.id, Stage.OCR), 10) == [1, 2, 3]


def test_long_document_asks_for_helpers(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job = _claimed(repository, store.put_source(pdf))
    pace = Pace(batch_pages=2, batch_seconds=1e6, slice_seconds=1e6, max_helpers=8)

    assert fetch_decrypt(job, store, FakeReader(["page"] * 7), repository, pace) == HandOver(Stage.OCR, helpers=3)


def test_missing_language_is_found_before_the_source_is_touched(
    store: InMemoryStore, repository: InMemoryRepository
) -> None:
    # Given a source that is not there either
    job = _claimed(repository, SourceRef(store.bucket, "uploads/nowhere", "1"), "eng+xyz")

    # When, then: the message says what is missing and what there is
    with pytest.raises(LanguageMissing, match=r"xyz.*deu, eng"):
        fetch_decrypt(job, store, FakeReader(languages=["eng", "deu"]), repository, UNHURRIED)


def test_languages_that_are_to_be_found_out_are_not_missing(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _claimed(repository, store.put_source(pdf), "auto")

    assert fetch_decrypt(job, store, FakeReader(), repository, UNHURRIED) == HandOver(Stage.OCR)


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
    job = _claimed(repository, _refused(store, pdf)[error])

    with pytest.raises(error):
        fetch_decrypt(job, store, FakeReader(), repository, UNHURRIED)

    assert repository.status(job.id).pages is None


@pytest.mark.parametrize("fault", [PasswordRequired(), TooManyPages(), DocumentDamaged()])
def test_document_that_cannot_be_opened_raises_its_error(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, fault: PlatformError
) -> None:
    job = _claimed(repository, store.put_source(pdf))

    with pytest.raises(type(fault)):
        fetch_decrypt(job, store, FakeReader(document_fault=fault), repository, UNHURRIED)


def test_second_plan_under_one_claim_publishes_nothing(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    job = _claimed(repository, store.put_source(pdf))
    assert fetch_decrypt(job, store, FakeReader(["a"]), repository, UNHURRIED)

    assert fetch_decrypt(job, store, FakeReader(["a"]), repository, UNHURRIED) is None


def test_worker_whose_claim_was_lost_plans_nothing_and_the_newer_one_does(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given a worker that was cut off for longer than its lease, and another that took over
    cut_off = _claimed(repository, store.put_source(pdf))
    repository.expire(cut_off.id)
    newer = claimed(repository, cut_off.id, Stage.FETCH_DECRYPT)

    # When, then
    assert fetch_decrypt(cut_off, store, FakeReader(["a", "b"]), repository, UNHURRIED) is None
    assert fetch_decrypt(newer, store, FakeReader(["a"]), repository, UNHURRIED) == HandOver(Stage.OCR)
    assert repository.status(newer.id).pages == 1


def test_cancelled_job_gets_no_plan(store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> None:
    job = _claimed(repository, store.put_source(pdf))
    repository.displace(job.id, state=JobState.CANCELLED)

    assert fetch_decrypt(job, store, FakeReader(), repository, UNHURRIED) is None
    assert repository.status(job.id).pages is None


def test_other_bytes_than_those_first_seen_are_refused(
    store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
) -> None:
    # Given a job whose source was hashed, and whose version now has other bytes
    source = store.put_source(pdf)
    job = _claimed(repository, source)
    fetch_decrypt(job, store, FakeReader(), repository, UNHURRIED)
    store.put_source(pdf + b" changed", source.key, version_id=source.version_id)

    with pytest.raises(SourceChanged):
        fetch_decrypt(claimed(repository, job.id, Stage.OCR), store, FakeReader(), repository, UNHURRIED)


class TestPasswords:
    ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ocr-platform/passwords/default/letter-AbCdEf"

    def _asking(self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes) -> Job:
        options = JobOptions.of("eng", "text", password_secret=self.ARN)
        return claimed(repository, repository.add(store.put_source(pdf), options), Stage.FETCH_DECRYPT)

    def test_document_is_opened_with_the_password_of_its_tenants_secret(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader, passwords = FakeReader(), InMemoryPasswords({("default", self.ARN): "open sesame"})

        fetch_decrypt(self._asking(store, repository, pdf), store, reader, repository, UNHURRIED, passwords)

        assert reader.passwords == ["open sesame"]

    def test_job_that_names_no_secret_asks_for_none(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader, passwords = FakeReader(), InMemoryPasswords()

        job = _claimed(repository, store.put_source(pdf))
        fetch_decrypt(job, store, reader, repository, UNHURRIED, passwords)

        assert (reader.passwords, passwords.asked) == ([None], [])

    def test_secret_that_cannot_be_had_ends_the_step_before_the_source_is_read(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader()

        with pytest.raises(PasswordUnavailable):
            fetch_decrypt(
                self._asking(store, repository, pdf), store, reader, repository, UNHURRIED, InMemoryPasswords()
            )
        assert reader.passwords == []

    def test_nothing_of_the_job_holds_the_password(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        job = self._asking(store, repository, pdf)
        passwords = InMemoryPasswords({("default", self.ARN): "open sesame"})

        fetch_decrypt(job, store, FakeReader(), repository, UNHURRIED, passwords)

        assert "open sesame" not in repr(repository.record(job.id))

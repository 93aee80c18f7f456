"""Sealed text in the database: stored with the job, opened for its result, gone with its key."""

from io import BytesIO

import pytest

from ocr_platform.db.reaping import ReaperLog
from ocr_platform.errors import JobNotFinished, TextErased, TextNotAuthentic, TextNotStored, UsageError, WorkerLost
from ocr_platform.models import Output, OutputFormat, Stage, StoredText
from ocr_platform.staging import results_key
from tests.integration.db.support import claimed, expire, failed, output, page
from tests.integration.texts.conftest import PAGES, TEXTS, Texts


def test_a_result_opens_the_text_that_was_sealed(texts: Texts) -> None:
    result = texts.result(texts.done())

    assert result.page_texts == TEXTS
    assert result.text == "\f".join(TEXTS)
    assert [result.page_text(number) for number in (1, 2, 3)] == list(TEXTS)
    assert result.status.stored_text is StoredText.SEALED
    assert result.status.text_kms_key_id == texts.servers.aws.kms_key_id


def test_pages_that_failed_are_empty(texts: Texts) -> None:
    result = texts.result(texts.done([page(1, ("one", 90.0)), failed(2), page(3, ("three", 90.0))]))

    assert result.page_texts == ("one", "", "three")
    assert result.page_text(2) == ""


@pytest.mark.parametrize("number", [0, -1, 4])
def test_a_page_that_the_job_does_not_have_is_a_wrong_call(texts: Texts, number: int) -> None:
    with pytest.raises(UsageError):
        texts.result(texts.done()).page_text(number)


def test_a_long_document_is_stored_by_parts(texts: Texts) -> None:
    pages = [page(number, (f"word{number}", 90.0)) for number in range(1, 1203)]

    result = texts.result(texts.done(pages))

    assert result.page_texts == tuple(f"word{number}" for number in range(1, 1203))


def test_a_later_try_takes_the_place_of_an_earlier_one(texts: Texts) -> None:
    services, job = texts.runtime, texts.uploading()
    assert services.repository.record_text(job, services.sealer.seal(job, PAGES))
    services.repository.retry_later(job, lambda _: 0.0)

    again = claimed(services.repository, job.id, Stage.ENCRYPT_UPLOAD)
    assert services.repository.record_text(again, services.sealer.seal(again, PAGES))
    assert not services.repository.record_text(job, services.sealer.seal(job, PAGES))  # the first claim is over
    services.repository.record_outputs(again, [output()])
    services.repository.finish(claimed(services.repository, job.id, Stage.PERSIST))

    assert texts.result(job.id).page_texts == TEXTS


def test_a_job_that_fails_keeps_no_text(texts: Texts) -> None:
    services, job = texts.runtime, texts.uploading()
    services.repository.record_text(job, services.sealer.seal(job, PAGES))
    assert texts.rows() == (1, 3)

    services.repository.fail(job, "storage_denied", "No.")

    assert texts.rows() == (0, 0)


def test_a_job_whose_workers_were_lost_keeps_no_text(texts: Texts) -> None:
    services, job = texts.runtime, texts.uploading()
    services.repository.record_text(job, services.sealer.seal(job, PAGES))
    texts.set(job.id, attempts=services.terms.max_attempts)
    expire(texts.engine, job.id)

    (found,) = ReaperLog(texts.engine, services.terms).lost(10)

    assert found.spent
    assert texts.rows() == (0, 0)
    assert texts.sql("SELECT error_code FROM jobs") == [WorkerLost.code]


def test_nothing_is_shown_of_a_job_that_has_not_ended(texts: Texts) -> None:
    services, job = texts.runtime, texts.uploading()
    services.repository.record_text(job, services.sealer.seal(job, PAGES))

    assert texts.application.status(job.id).stored_text is StoredText.NONE
    with pytest.raises(JobNotFinished):
        texts.result(job.id)


def test_where_the_database_keeps_none_the_output_is_read(texts: Texts) -> None:
    services, job = texts.runtime, texts.uploading()
    stored = services.store.write(results_key(job.tenant, job.id, "text.txt"), b"from S3", "text/plain")
    services.repository.record_outputs(job, [Output(OutputFormat.TEXT, "text/plain", stored)])
    services.repository.finish(claimed(services.repository, job.id, Stage.PERSIST))
    result = texts.result(job.id)

    assert result.status.stored_text is StoredText.NONE
    assert result.text == "from S3"
    with pytest.raises(TextNotStored):
        _ = result.page_texts


class TestErasing:
    def test_the_text_is_gone_for_good_and_the_record_stays(self, texts: Texts) -> None:
        job_id, other = texts.done(), texts.done()
        before = texts.result(job_id)

        assert [texts.application.erase_text(job_id) for _ in range(2)] == [True, False]

        after = texts.result(job_id)
        assert (after.status.stored_text, after.status.text_kms_key_id) == (StoredText.ERASED, None)
        for result in (before, after):
            with pytest.raises(TextErased):
                _ = result.text
            with pytest.raises(TextErased):
                result.page_text(1)
        assert texts.rows() == (1, 3)
        assert texts.result(other).page_texts == TEXTS
        assert texts.sql("SELECT id FROM jobs WHERE text_erased_at IS NOT NULL") == [job_id]

    def test_deleting_the_wrapped_key_alone_does_it(self, texts: Texts) -> None:
        job_id = texts.done()

        texts.sql("DELETE FROM text_keys")

        assert texts.result(job_id).status.stored_text is StoredText.ERASED
        with pytest.raises(TextErased):
            _ = texts.result(job_id).page_texts
        # Nor does a new data key help that KMS made for this very job
        job = texts.uploading()
        sealed = texts.runtime.sealer.seal(job, PAGES)
        texts.sql("INSERT INTO text_keys VALUES (:job, :arn, :key)", job=job.id, arn=sealed.key.kms_key_id, key=b"")
        context = {"job": str(job_id), "tenant": "clinic"}
        _, made = texts.runtime.sealer.keys.generate(context)
        texts.sql("UPDATE text_keys SET job_id = :job, wrapped = :key", job=job_id, key=made.wrapped)
        with pytest.raises(TextNotAuthentic):
            _ = texts.result(job_id).page_texts


def test_a_source_can_still_be_uploaded_where_nothing_is_stored(texts: Texts) -> None:
    # The setting is about the database alone
    assert texts.client(OCR_STORE_TEXT="none").upload(BytesIO(b"a document")).startswith("s3://")
    assert texts.installation(OCR_STORE_TEXT="none").text_sealer is None

"""A document through the real worker, submitted to as an application does."""

import hashlib
import io
import json
from pathlib import Path
from uuid import uuid4

import pypdfium2 as pdfium
import pytest
from mypy_boto3_s3 import S3Client
from pikepdf.pdfa import validate_written

from ocr_platform import Client, JobState
from ocr_platform.errors import JobNotFinished, JobUnknown, LanguageMissing, OutputMissing, TokenConflict
from ocr_platform.local.stack import LocalStack
from tests.acceptance.helpers import GENERATED, character_error, truth_of

TIMEOUT = 120


def upload(client: Client, path: Path) -> str:
    with path.open("rb") as document:
        return client.upload(document)


@pytest.mark.parametrize("name", ["letter.pdf", "letter.png", "payslip.jpg", "fax.tif", "contract.tif"])
def test_every_kind_of_scan_is_read(client: Client, name: str) -> None:
    job_id = client.submit(upload(client, GENERATED / name))

    status = client.wait(job_id, TIMEOUT)

    truth = truth_of(name)
    text = client.result(job_id).text
    assert status.state is JobState.SUCCEEDED
    assert status.pages == status.pages_done == truth.count("\f") + 1 == text.count("\f") + 1
    assert character_error(text, truth) < 0.02


@pytest.mark.parametrize("name", ["letter.pdf", "contract.tif", "payslip.jpg"])
def test_document_comes_back_as_a_pdf_with_its_words(client: Client, name: str) -> None:
    job_id = client.submit(upload(client, GENERATED / name), formats="pdf,text")

    status = client.wait(job_id, TIMEOUT)

    result = client.result(job_id)
    document = pdfium.PdfDocument(result.read("pdf"))
    words = [page.get_textpage().get_text_range().split() for page in document]
    assert status.state is JobState.SUCCEEDED
    assert words == [page.split() for page in result.text.split("\f")]


@pytest.mark.parametrize("name", ["letter.pdf", "fax.tif"])
def test_document_comes_back_as_pdfa_that_is_approved(client: Client, name: str) -> None:
    job_id = client.submit(upload(client, GENERATED / name), formats="pdfa,pdf,text")

    status = client.wait(job_id, TIMEOUT)

    result = client.result(job_id)
    assert status.state is JobState.SUCCEEDED
    assert validate_written(io.BytesIO(result.read("pdfa")), "2b").findings == []
    page = pdfium.PdfDocument(result.read("pdfa"))[0]
    assert page.get_textpage().get_text_range().split() == result.text.split("\f")[0].split()


def test_outputs_are_protected_as_promised_and_recorded_as_they_are(
    stack: LocalStack, client: Client, s3: S3Client
) -> None:
    job_id = client.submit(upload(client, GENERATED / "letter.png"), tenant="clinic-7")

    status = client.wait(job_id, TIMEOUT)

    assert {output.format for output in status.outputs} == {"text", "json"}
    for output in status.outputs:
        stored = output.stored
        answer = s3.get_object(Bucket=stored.bucket, Key=stored.key)
        body = answer["Body"].read()
        assert stored.key.startswith(f"results/clinic-7/{job_id}/")
        assert answer["ServerSideEncryption"] == "aws:kms"
        assert answer["SSEKMSKeyId"] == stored.kms_key_id == stack.aws.kms_key_id
        assert answer["BucketKeyEnabled"] is stored.bucket_key_enabled is True
        assert answer["VersionId"] == stored.version_id
        assert len(body) == stored.size
        assert hashlib.sha256(body).hexdigest() == stored.sha256


def test_words_have_boxes_on_the_page_and_confidence(client: Client) -> None:
    job_id = client.submit(upload(client, GENERATED / "letter.pdf"))
    client.wait(job_id, TIMEOUT)

    document = json.loads(client.result(job_id).read("json"))

    assert document["job_id"] == str(job_id)
    assert [page["number"] for page in document["pages"]] == [1, 2, 3]
    for page in document["pages"]:
        assert (page["width"], page["height"], page["dpi"]) == (2481, 3508, 300)
        assert page["confidence"] > 80
        assert len(page["words"]) > 50
        for word in page["words"]:
            left, top, width, height = word["box"]
            assert word["text"].strip()
            assert 0 <= left < left + width <= page["width"]
            assert 0 <= top < top + height <= page["height"]
            assert 0 <= word["confidence"] <= 100


def test_nothing_is_staged_once_a_job_has_ended(client: Client, s3: S3Client, stack: LocalStack) -> None:
    good = client.submit(upload(client, GENERATED / "letter.pdf"))
    bad = client.submit(upload(client, GENERATED / "damaged.pdf"))

    assert client.wait(good, TIMEOUT).state is JobState.SUCCEEDED
    assert client.wait(bad, TIMEOUT).state is JobState.FAILED

    for job_id in (good, bad):
        left = s3.list_object_versions(Bucket=stack.aws.bucket, Prefix=f"work/{job_id}/")
        assert {"Versions", "DeleteMarkers"}.isdisjoint(left)


def test_the_version_that_was_submitted_is_read_whatever_comes_after(
    client: Client, s3: S3Client, stack: LocalStack
) -> None:
    key = f"uploads/{uuid4()}"
    first = s3.put_object(Bucket=stack.aws.bucket, Key=key, Body=(GENERATED / "letter.png").read_bytes())
    s3.put_object(Bucket=stack.aws.bucket, Key=key, Body=(GENERATED / "payslip.jpg").read_bytes())

    job_id = client.submit(f"s3://{stack.aws.bucket}/{key}", version_id=first["VersionId"])
    client.wait(job_id, TIMEOUT)

    assert character_error(client.result(job_id).text, truth_of("letter.png")) < 0.02


def test_a_damaged_page_costs_no_other_page(client: Client) -> None:
    job_id = client.submit(upload(client, GENERATED / "one-bad-page.tif"))

    status = client.wait(job_id, TIMEOUT)

    result = client.result(job_id)
    first, second, third = result.text.split("\f")
    truth = truth_of("one-bad-page.tif").split("\f")
    assert status.state is JobState.PARTIAL
    assert status.error is None
    assert status.pages_failed == {2: "page_damaged"}
    assert second == ""
    assert character_error(first, truth[0]) < 0.02
    assert character_error(third, truth[2]) < 0.02
    assert [page["error"] for page in json.loads(result.read("json"))["pages"]] == [None, "page_damaged", None]


def test_a_blank_page_is_no_failure(client: Client) -> None:
    job_id = client.submit(upload(client, GENERATED / "blank.png"))

    status = client.wait(job_id, TIMEOUT)

    assert status.state is JobState.SUCCEEDED
    assert client.result(job_id).text.strip() == ""
    assert status.confidence == 0


def test_a_language_that_is_not_installed_fails_at_once_and_says_what_there_is(client: Client) -> None:
    job_id = client.submit(upload(client, GENERATED / "letter.png"), languages="eng+tlh")

    status = client.wait(job_id, TIMEOUT)

    assert status.error is not None
    assert status.error.code == LanguageMissing.code
    assert "tlh" in status.error.message
    assert "eng" in status.error.message.partition("installed are")[2]


def test_only_the_outputs_that_were_asked_for_are_made(client: Client) -> None:
    job_id = client.submit(upload(client, GENERATED / "letter.png"), formats="text")
    client.wait(job_id, TIMEOUT)

    result = client.result(job_id)

    assert [output.format for output in result.status.outputs] == ["text"]
    with pytest.raises(OutputMissing):
        result.read("json")


def test_a_client_token_makes_a_submission_repeatable(client: Client) -> None:
    source, token = upload(client, GENERATED / "letter.png"), str(uuid4())

    first = client.submit(source, client_token=token)
    again = client.submit(source, client_token=token)

    assert first == again
    with pytest.raises(TokenConflict):
        client.submit(source, formats="text", client_token=token)
    client.wait(first, TIMEOUT)


def test_a_result_is_refused_before_the_end_and_for_unknown_jobs(client: Client) -> None:
    job_id = client.submit(upload(client, GENERATED / "contract.tif"))

    with pytest.raises(JobNotFinished):
        client.result(job_id)
    for unknown in (uuid4(), "not an id"):
        with pytest.raises(JobUnknown):
            client.status(unknown)
    client.wait(job_id, TIMEOUT)

"""What the strict servers refuse, so that no test leans on a refusal that is not there."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.faults.ground import _make_bucket
from tests.faults.strict import Strict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODY = b"Haemoglobin 139 grams per litre"
SHA256 = base64.b64encode(hashlib.sha256(BODY).digest()).decode()


@pytest.fixture(scope="module")
def s3(strict: Strict) -> Iterator["S3Client"]:
    account = strict.servers.aws
    session = boto3.session.Session(account.access_key, account.secret_key, region_name=account.region)
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    with closing(session.client("s3", endpoint_url=account.endpoint_url, config=config)) as client:
        yield client


@pytest.fixture(scope="module")
def bucket(strict: Strict) -> str:
    return _make_bucket(strict.servers.aws)


@pytest.fixture(autouse=True)
def _in_order(strict: Strict) -> Iterator[None]:
    yield
    strict.put_in_order()


@pytest.fixture
def put(s3: "S3Client", bucket: str, strict: Strict) -> Callable[..., Any]:
    def store(key: str, **changed: Any) -> Any:
        asked: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": strict.servers.aws.kms_key_id}
        asked |= {"BucketKeyEnabled": True, "ChecksumSHA256": SHA256} | changed
        return s3.put_object(Bucket=bucket, Key=key, Body=BODY, **asked)

    return store


def disabled(strict: Strict, key: str) -> None:
    strict.kms.disable_key(KeyId=key)


def deleted(strict: Strict, key: str) -> None:
    strict.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def denied(strict: Strict, key: str) -> None:
    strict.deny(key, "kms:GenerateDataKey", "kms:Decrypt")


@pytest.mark.parametrize(
    ("become", "code"),
    [(disabled, "KMS.DisabledException"), (deleted, "KMS.KMSInvalidStateException"), (denied, "AccessDenied")],
)
def test_a_key_that_is_off_keeps_objects_from_being_written_and_read_until_it_is_on(
    strict: Strict, s3: "S3Client", bucket: str, put: Callable[..., Any], become: Callable[..., None], code: str
) -> None:
    name = str(uuid4())
    put(name)
    become(strict, strict.servers.aws.kms_key_id)

    for refused in (lambda: put(str(uuid4())), lambda: s3.get_object(Bucket=bucket, Key=name)):
        with pytest.raises(ClientError) as caught:
            refused()
        assert caught.value.response["Error"]["Code"] == code
    assert s3.head_object(Bucket=bucket, Key=name)["SSEKMSKeyId"] == strict.servers.aws.kms_key_id

    strict.put_in_order()
    assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == BODY


def test_bytes_that_are_not_those_of_the_checksum_are_not_stored(put: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="BadDigest"):
        put(str(uuid4()), ChecksumSHA256="A" * 43 + "=")


def test_a_key_that_does_not_exist_stores_nothing(strict: Strict, put: Callable[..., Any]) -> None:
    absent = strict.servers.aws.kms_key_id[:-4] + "0000"

    with pytest.raises(ClientError, match=r"KMS\.NotFoundException"):
        put(str(uuid4()), SSEKMSKeyId=absent)


def test_what_lies_there_is_not_overwritten(put: Callable[..., Any]) -> None:
    name = str(uuid4())
    put(name)

    with pytest.raises(ClientError, match="PreconditionFailed"):
        put(name, IfNoneMatch="*")


def test_the_bucket_key_is_told_unless_the_bucket_is_to_be_without(
    strict: Strict, s3: "S3Client", bucket: str, put: Callable[..., Any]
) -> None:
    name = str(uuid4())
    put(name)

    assert s3.get_object(Bucket=bucket, Key=name)["BucketKeyEnabled"] is True
    strict.front.tells_bucket_key = False
    assert "BucketKeyEnabled" not in s3.get_object(Bucket=bucket, Key=name)

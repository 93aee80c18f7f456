"""Large outputs go up in parts, under the rules of every other: encrypted, proved, never over anything else."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ocr_platform.aws.s3 import S3Store
from ocr_platform.aws.session import s3_client
from ocr_platform.errors import OutputConflict, OutputNotProtected, StorageUnavailable
from tests.conftest import Servers
from tests.faults.answers import s3_error
from tests.faults.http_wire import HttpWire
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Answer, DropAnswer, Rewrite

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART = 5 * 1024 * 1024  # the smallest that S3 allows
BODY = bytes(range(256)) * (2 * PART // 256 + 1)


@pytest.fixture
def way(servers: Servers) -> Iterator[FaultProxy]:
    with FaultProxy(int(servers.aws.endpoint_url.rpartition(":")[2]), HttpWire) as proxy:
        yield proxy


@pytest.fixture
def parted(store: S3Store, way: FaultProxy, servers: Servers) -> Iterator[S3Store]:
    """The store behind a proxy, with the smallest parts."""
    client = s3_client(servers.settings(AWS_ENDPOINT_URL=f"http://127.0.0.1:{way.port}"))
    yield replace(store, client=client, part_bytes=PART)
    client.close()


@pytest.fixture
def key(plain: "S3Client", store: S3Store) -> Iterator[str]:
    """A free key; nothing is left of any upload to it."""
    name = f"results/default/{uuid4()}/text.txt"
    yield name
    assert not plain.list_multipart_uploads(Bucket=store.bucket, Prefix=name).get("Uploads")


def versions(plain: "S3Client", store: S3Store, key: str) -> int:
    return len(plain.list_object_versions(Bucket=store.bucket, Prefix=key).get("Versions", ()))


def test_a_large_object_is_as_well_protected_as_a_small_one(parted: S3Store, plain: "S3Client", key: str) -> None:
    stored = parted.write(key, BODY, "text/plain")

    found = plain.head_object(Bucket=stored.bucket, Key=key, ChecksumMode="ENABLED")
    assert found["ServerSideEncryption"] == "aws:kms"
    assert found["SSEKMSKeyId"] == parted.keys.own
    assert found["BucketKeyEnabled"] is True
    assert found["ContentType"] == "text/plain"
    assert found["VersionId"] == stored.version_id
    parts = [hashlib.sha256(BODY[start : start + PART]).digest() for start in range(0, len(BODY), PART)]
    composite = base64.b64encode(hashlib.sha256(b"".join(parts)).digest()).decode()
    assert (stored.checksum, stored.sha256) == (f"SHA256 {composite}-3", hashlib.sha256(BODY).hexdigest())
    assert (stored.size, stored.encryption) == (len(BODY), "aws:kms")
    assert parted.read(stored) == BODY


def test_a_body_of_one_part_is_not_parted(parted: S3Store, way: FaultProxy, key: str) -> None:
    begun = way.on(rb"^POST ", Answer(s3_error("InternalError", 500)))

    parted.write(key, BODY[:PART], "text/plain")

    assert begun.seen == 0


def test_the_same_bytes_again_are_the_same_object(parted: S3Store, plain: "S3Client", key: str) -> None:
    assert parted.write(key, BODY, "text/plain") == parted.write(key, BODY, "text/plain")
    assert versions(plain, parted, key) == 1


def test_other_bytes_are_a_conflict_and_the_first_stay(parted: S3Store, key: str) -> None:
    stored = parted.write(key, BODY, "text/plain")

    with pytest.raises(OutputConflict):
        parted.write(key, BODY[::-1], "text/plain")

    assert parted.read(stored) == BODY


def test_a_completion_whose_answer_was_lost_is_ones_own(
    parted: S3Store, way: FaultProxy, plain: "S3Client", key: str
) -> None:
    lost = way.on(rb"^POST \S+uploadId=", DropAnswer(), times=1)

    stored = parted.write(key, BODY, "text/plain")

    assert lost.hits == 1
    assert versions(plain, parted, key) == 1
    assert parted.read(stored) == BODY


@pytest.mark.parametrize("request_line", [rb"^PUT \S+partNumber=2", rb"^POST \S+uploadId="])
def test_an_upload_that_fails_is_given_up(parted: S3Store, way: FaultProxy, request_line: bytes, key: str) -> None:
    way.on(request_line, Answer(s3_error("SlowDown")))

    with pytest.raises(StorageUnavailable):
        parted.write(key, BODY, "text/plain")


@pytest.mark.parametrize("method", [rb"^PUT \S+partNumber=2", rb"^HEAD "])
def test_an_answer_with_another_key_is_refused_and_nothing_is_left(
    parted: S3Store, way: FaultProxy, plain: "S3Client", method: bytes, key: str
) -> None:
    way.on(method, Rewrite(rb"(?<=key-id: )[^\r]+", parted.keys.own[:-4].encode() + b"ffff"))

    with pytest.raises(OutputNotProtected):
        parted.write(key, BODY, "text/plain")

    assert versions(plain, parted, key) == 0

"""What the platform writes is encrypted as promised, whatever the bucket is set to, and never overwritten."""

import base64
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from ocr_platform.aws.s3 import S3Store
from ocr_platform.errors import OutputConflict, OutputNotProtected, SourceChanged, SourceMissing
from tests.conftest import Servers

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODY = b"Haemoglobin 139 grams per litre"


def key() -> str:
    return f"results/default/{uuid4()}/text.txt"


def put(plain: "S3Client", store: S3Store, name: str, body: bytes) -> str:
    """An object under the platform's key, written by somebody else; its version."""
    answer = plain.put_object(
        Bucket=store.bucket,
        Key=name,
        Body=body,
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=store.keys.own,
        BucketKeyEnabled=True,
    )
    return answer["VersionId"]


def test_what_is_written_has_key_bucket_key_version_and_checksum(store: S3Store, plain: "S3Client") -> None:
    stored = store.write(key(), BODY, "text/plain; charset=utf-8")

    # Then S3 itself says so
    found = plain.get_object(Bucket=store.bucket, Key=stored.key, ChecksumMode="ENABLED")
    digest = hashlib.sha256(BODY)
    assert found["Body"].read() == BODY
    assert found["ServerSideEncryption"] == "aws:kms"
    assert found["SSEKMSKeyId"] == store.keys.own
    assert found["BucketKeyEnabled"] is True
    assert found["ContentType"] == "text/plain; charset=utf-8"
    assert found["VersionId"] == stored.version_id
    assert found["ChecksumSHA256"] == base64.b64encode(digest.digest()).decode()
    assert found["Metadata"] == {}
    # And the record says the same
    assert (stored.sha256, stored.size) == (digest.hexdigest(), len(BODY))
    assert (stored.kms_key_id, stored.bucket_key_enabled) == (store.keys.own, True)


def test_an_empty_body_can_be_written_and_read(store: S3Store) -> None:
    stored = store.write(key(), b"", "text/plain")

    assert stored.size == 0
    assert store.read(stored) == b""


@pytest.mark.parametrize("default", [None, "AES256", "other key"])
def test_the_buckets_own_settings_cannot_weaken_a_write(
    default: str | None, bare_store: S3Store, plain: "S3Client", servers: Servers, session: boto3.session.Session
) -> None:
    # Given a bucket that encrypts otherwise, or not at all, by default
    if default is not None:
        rule = {"SSEAlgorithm": "AES256"}
        if default == "other key":
            kms = session.client("kms", endpoint_url=servers.aws.endpoint_url)
            rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms.create_key()["KeyMetadata"]["Arn"]}
            kms.close()
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": rule, "BucketKeyEnabled": False}]}
        plain.put_bucket_encryption(Bucket=bare_store.bucket, ServerSideEncryptionConfiguration=rules)  # type: ignore[arg-type]

    stored = bare_store.write(key(), BODY, "text/plain")

    found = plain.head_object(Bucket=bare_store.bucket, Key=stored.key)
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", bare_store.keys.own)
    assert found["BucketKeyEnabled"] is True


def test_a_bucket_without_versions_is_refused(unversioned_store: S3Store) -> None:
    with pytest.raises(OutputNotProtected):
        unversioned_store.write(key(), BODY, "text/plain")


def test_the_same_bytes_again_are_the_same_object(store: S3Store, plain: "S3Client") -> None:
    name = key()

    first = store.write(name, BODY, "text/plain")
    second = store.write(name, BODY, "text/plain")

    assert second == first
    assert len(plain.list_object_versions(Bucket=store.bucket, Prefix=name)["Versions"]) == 1


def test_other_bytes_are_a_conflict_and_the_first_stay(store: S3Store) -> None:
    name = key()
    stored = store.write(name, BODY, "text/plain")

    with pytest.raises(OutputConflict):
        store.write(name, b"other bytes", "text/plain")

    assert store.read(stored) == BODY


def test_the_same_bytes_in_plain_are_not_taken_for_an_earlier_write(bare_store: S3Store, plain: "S3Client") -> None:
    # Given the right bytes at the right place, but not under our key
    name = key()
    plain.put_object(Bucket=bare_store.bucket, Key=name, Body=BODY, ServerSideEncryption="AES256")

    with pytest.raises(OutputConflict):
        bare_store.write(name, BODY, "text/plain")

    # And also when S3 knows that the bytes are the same
    plain.put_object(
        Bucket=bare_store.bucket, Key=name, Body=BODY, ServerSideEncryption="AES256", ChecksumAlgorithm="SHA256"
    )
    with pytest.raises(OutputNotProtected):
        bare_store.write(name, BODY, "text/plain")


def test_what_is_read_is_the_version_that_was_written(store: S3Store, plain: "S3Client") -> None:
    stored = store.write(key(), BODY, "text/plain")

    put(plain, store, stored.key, b"a newer version")

    assert store.read(stored) == BODY


def test_an_object_with_other_bytes_is_detected(store: S3Store, plain: "S3Client") -> None:
    # Given a record that points to bytes which are not those that were written, of the same length
    stored = store.write(key(), BODY, "text/plain")
    changed = put(plain, store, stored.key, BODY[::-1])

    with pytest.raises(SourceChanged):
        store.read(replace(stored, version_id=changed))


def test_an_object_that_lost_its_protection_is_detected(store: S3Store, plain: "S3Client") -> None:
    stored = store.write(key(), BODY, "text/plain")
    answer = plain.put_object(Bucket=store.bucket, Key=stored.key, Body=BODY, ServerSideEncryption="AES256")

    with pytest.raises(OutputNotProtected):
        store.read(replace(stored, version_id=answer["VersionId"]))


def test_an_object_whose_version_was_removed_is_missing(store: S3Store, plain: "S3Client") -> None:
    stored = store.write(key(), BODY, "text/plain")
    plain.delete_object(Bucket=store.bucket, Key=stored.key, VersionId=stored.version_id)

    with pytest.raises(SourceMissing):
        store.read(stored)


def test_remove_all_removes_every_version_and_marker_and_nothing_beside(store: S3Store, plain: "S3Client") -> None:
    # Given more than the 1000 entries that S3 lists at once: 560 objects, 500 of them deleted, and a neighbour
    prefix = f"work/{uuid4()}/"
    names = [f"{prefix}{number:04}.json" for number in range(560)]
    for name in names:
        put(plain, store, name, b"x")
    put(plain, store, names[-1], b"a second version")
    deleted = [{"Key": name} for name in names[:500]]
    plain.delete_objects(Bucket=store.bucket, Delete={"Objects": deleted})  # type: ignore[typeddict-item]
    neighbour = store.write(f"{prefix.removesuffix('/')}0/a.json", b"y", "application/json")

    removed = store.remove_all(prefix)

    left = plain.list_object_versions(Bucket=store.bucket, Prefix=prefix)
    assert removed == 560 + 500 + 1
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")
    assert store.read(neighbour) == b"y"
    assert store.remove_all(prefix) == 0

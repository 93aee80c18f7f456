"""A source is read only from where sources may lie, and only when S3 proves how it is protected."""

import base64
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from ocr_platform import errors
from ocr_platform.aws.s3 import S3Store
from ocr_platform.models import SourceFacts, SourceRef
from tests.conftest import Servers
from tests.integration.aws.conftest import make_bucket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODY = b"%PDF-1.7 a letter"
UNKNOWN_VERSION = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"


def put(plain: "S3Client", store: S3Store, body: bytes = BODY, key: str = "", **changed: Any) -> SourceRef:
    """An object as an application uploads it; `changed` is what it does differently."""
    key = key or f"uploads/{uuid4()}"
    protection = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": store.keys.own} | changed
    answer = plain.put_object(Bucket=store.bucket, Key=key, Body=body, **protection)
    return SourceRef(store.bucket, key, answer.get("VersionId", "null"))


def facts_of(store: S3Store, source: SourceRef) -> SourceFacts:
    """What S3 says of the usual source; its bucket has a bucket key by default."""
    return SourceFacts(source.version_id, len(BODY), "aws:kms", store.keys.own, bucket_key_enabled=True)


def describe(store: S3Store, source: SourceRef) -> SourceFacts:
    # "null" is what S3 says where it keeps no versions; who submits does not know that and asks for no version.
    return store.describe(source.bucket, source.key, None if source.version_id == "null" else source.version_id)


def read(store: S3Store, source: SourceRef) -> bytes:
    with store.open_source(source, "default") as (_facts, chunks):
        return b"".join(chunks)


# A source is checked when it is submitted and again when it is read.
both = pytest.mark.parametrize("look", [describe, read])
Look = Callable[[S3Store, SourceRef], object]


def test_a_source_is_described_and_read(store: S3Store, plain: "S3Client") -> None:
    source = put(plain, store)

    assert store.describe(source.bucket, source.key) == facts_of(store, source)
    with store.open_source(source, "default") as (facts, chunks):
        # boto3 sends a CRC-32 by itself
        crc = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
        assert facts == replace(facts_of(store, source), checksum=f"CRC32 {crc}")
        assert b"".join(chunks) == BODY


def test_a_source_larger_than_a_chunk_comes_in_several(store: S3Store, plain: "S3Client") -> None:
    large = bytes(range(256)) * 10_000  # 2.44 MiB
    source = put(plain, store, large)

    with replace(store, max_source_bytes=len(large)).open_source(source, "default") as (_facts, chunks):
        parts = list(chunks)

    assert len(parts) == 3
    assert b"".join(parts) == large


@both
def test_the_version_that_was_submitted_is_read_after_an_overwrite(
    look: Look, store: S3Store, plain: "S3Client"
) -> None:
    first = put(plain, store)
    second = put(plain, store, b"a newer document", key=first.key)

    assert store.describe(first.bucket, first.key).version_id == second.version_id
    assert look(store, first) in (BODY, facts_of(store, first))


@both
def test_the_version_that_was_submitted_is_read_after_a_deletion(look: Look, store: S3Store, plain: "S3Client") -> None:
    source = put(plain, store)
    plain.delete_object(Bucket=source.bucket, Key=source.key)

    assert look(store, source) in (BODY, facts_of(store, source))
    with pytest.raises(errors.SourceMissing):
        store.describe(source.bucket, source.key)


@both
def test_a_missing_key_is_refused(look: Look, store: S3Store) -> None:
    with pytest.raises(errors.SourceMissing):
        look(store, SourceRef(store.bucket, "uploads/nothing", UNKNOWN_VERSION))


@both
def test_a_missing_version_is_refused(look: Look, store: S3Store, plain: "S3Client") -> None:
    source = put(plain, store)

    with pytest.raises(errors.SourceMissing):
        look(store, replace(source, version_id=UNKNOWN_VERSION))


@both
def test_a_source_that_s3_encrypts_with_a_key_of_its_own_is_refused(
    look: Look, bare_store: S3Store, plain: "S3Client"
) -> None:
    source = put(plain, bare_store)
    answer = plain.put_object(Bucket=source.bucket, Key=source.key, Body=BODY, ServerSideEncryption="AES256")

    with pytest.raises(errors.SourceNotEncrypted):
        look(bare_store, replace(source, version_id=answer["VersionId"]))


@both
def test_a_source_under_another_key_is_refused(
    look: Look, store: S3Store, plain: "S3Client", servers: Servers, session: boto3.session.Session
) -> None:
    kms = session.client("kms", endpoint_url=servers.aws.endpoint_url)
    source = put(plain, store, SSEKMSKeyId=kms.create_key()["KeyMetadata"]["Arn"])
    kms.close()

    with pytest.raises(errors.SourceWrongKey):
        look(store, source)


@both
def test_an_empty_source_is_refused(look: Look, store: S3Store, plain: "S3Client") -> None:
    with pytest.raises(errors.SourceEmpty):
        look(store, put(plain, store, b""))


@both
def test_a_source_as_large_as_allowed_is_taken_and_a_byte_more_is_not(
    look: Look, store: S3Store, plain: "S3Client"
) -> None:
    look(store, put(plain, store, bytes(store.max_source_bytes)))

    with pytest.raises(errors.SourceTooLarge):
        look(store, put(plain, store, bytes(store.max_source_bytes + 1)))


def test_a_source_that_is_too_large_is_refused_before_its_body_is_read(store: S3Store, plain: "S3Client") -> None:
    # Given a source of 8 MiB, and a look at every answer's body
    source = put(plain, store, bytes(8 * 1024 * 1024))
    bodies: list[Any] = []
    events = store.client.meta.events
    events.register("after-call.s3.GetObject", lambda parsed, **_: bodies.append(parsed["Body"]))

    with pytest.raises(errors.SourceTooLarge):
        read(store, source)

    # Then not one byte was taken from the connection, which is closed
    (body,) = bodies
    assert body.tell() == 0
    assert body._raw_stream.closed


@both
def test_a_source_in_a_bucket_without_versions_is_refused(
    look: Look, unversioned_store: S3Store, plain: "S3Client"
) -> None:
    with pytest.raises(errors.SourceUnversioned):
        look(unversioned_store, put(plain, unversioned_store))


@both
def test_another_bucket_is_refused_without_asking_it(
    look: Look, store: S3Store, plain: "S3Client", servers: Servers
) -> None:
    # Given a good source in a bucket that the worker could read
    other = make_bucket(plain, servers.aws.region)
    source = put(plain, replace(store, bucket=other))
    asked: list[str] = []
    store.client.meta.events.register("before-send.s3", lambda request, **_: asked.append(request.url))

    with pytest.raises(errors.SourceNotAllowed):
        look(store, source)

    assert asked == []


@both
@pytest.mark.parametrize("key", ["work/job/page.json", "results/tenant/job/text.txt", ""])
def test_the_platforms_own_objects_are_no_sources(look: Look, key: str, store: S3Store, plain: "S3Client") -> None:
    if key:
        put(plain, store, key=key)

    with pytest.raises(errors.SourceNotAllowed):
        look(store, SourceRef(store.bucket, key, UNKNOWN_VERSION))

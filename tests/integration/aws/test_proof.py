"""What S3 says of an object is believed only if it is all that was asked for, and says which key."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from ocr_platform.aws.bucket import AllowedKeys
from ocr_platform.aws.s3 import S3Store
from ocr_platform.aws.session import s3_client
from ocr_platform.errors import (
    KeyUnusable,
    OutputConflict,
    OutputNotProtected,
    PlatformError,
    SourceArchived,
    SourceMissing,
    SourceWrongKey,
    StorageDenied,
    StorageUnavailable,
)
from ocr_platform.models import SourceRef
from tests.conftest import Servers
from tests.faults.answers import s3_error
from tests.faults.http_wire import HttpWire
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Answer, DropAnswer, Rewrite

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODY = b"Haemoglobin 139 grams per litre"
NO_BUCKET_KEY = Rewrite(rb"\r\nx-amz-server-side-encryption-bucket-key-enabled: [^\r]+", b"")
NO_CHECKSUM = Rewrite(rb"\r\nx-amz-checksum-sha256: [^\r]+", b"")
OTHER_CHECKSUM = Rewrite(rb"(?<=x-amz-checksum-sha256: )[^\r]+", b"A" * 43 + b"=")
NO_VERSION = Rewrite(rb"\r\nx-amz-version-id: [^\r]+", b"")
OTHER_KEY = Rewrite(rb"(?<=key-id: )[^\r]{4}", b"arn!")
OTHER_ENCRYPTION = Rewrite(rb"(?<=encryption: )aws:kms", b"AES256")


@pytest.fixture
def way(servers: Servers) -> Iterator[FaultProxy]:
    with FaultProxy(int(servers.aws.endpoint_url.rpartition(":")[2]), HttpWire) as proxy:
        yield proxy


@pytest.fixture
def behind(store: S3Store, way: FaultProxy, servers: Servers) -> Iterator[S3Store]:
    """The store behind the proxy."""
    client = s3_client(servers.settings(AWS_ENDPOINT_URL=f"http://127.0.0.1:{way.port}"))
    yield replace(store, client=client)
    client.close()


@pytest.fixture
def other_key(session: boto3.session.Session, servers: Servers) -> str:
    kms = session.client("kms", endpoint_url=servers.aws.endpoint_url)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.close()
    return arn


def key() -> str:
    return f"results/default/{uuid4()}/text.txt"


def put_source(plain: "S3Client", store: S3Store, kms_key_id: str) -> SourceRef:
    name = f"uploads/{uuid4()}"
    answer = plain.put_object(
        Bucket=store.bucket, Key=name, Body=BODY, ServerSideEncryption="aws:kms", SSEKMSKeyId=kms_key_id
    )
    return SourceRef(store.bucket, name, answer["VersionId"])


def read_source(store: S3Store, source: SourceRef, tenant: str = "default") -> bytes:
    with store.open_source(source, tenant) as (_facts, chunks):
        return b"".join(chunks)


class TestWriting:
    @pytest.mark.parametrize(
        "answer", [NO_BUCKET_KEY, NO_CHECKSUM, OTHER_CHECKSUM, NO_VERSION, OTHER_KEY, OTHER_ENCRYPTION]
    )
    def test_an_answer_that_proves_too_little_is_refused_and_the_object_withdrawn(
        self, behind: S3Store, way: FaultProxy, plain: "S3Client", answer: Rewrite
    ) -> None:
        rule, name = way.on(rb"^PUT ", answer), key()

        with pytest.raises(OutputNotProtected):
            behind.write(name, BODY, "text/plain")

        assert rule.hits == 1
        seen = plain.list_object_versions(Bucket=behind.bucket, Prefix=name)
        # Without a version's name there is only a delete marker to be put over it
        assert len(seen.get("Versions", ())) == (1 if answer is NO_VERSION else 0)
        assert len(seen.get("DeleteMarkers", ())) == (1 if answer is NO_VERSION else 0)

    def test_a_write_whose_answer_was_lost_is_recognised_by_its_checksum(
        self, behind: S3Store, way: FaultProxy, plain: "S3Client"
    ) -> None:
        lost, name = way.on(rb"^PUT ", DropAnswer(), times=1), key()

        stored = behind.write(name, BODY, "text/plain")

        assert lost.hits == 1
        assert len(plain.list_object_versions(Bucket=behind.bucket, Prefix=name)["Versions"]) == 1
        assert behind.read(stored) == BODY

    def test_bytes_of_the_same_length_are_no_earlier_write(self, store: S3Store) -> None:
        name = key()
        store.write(name, BODY, "text/plain")

        with pytest.raises(OutputConflict):
            store.write(name, BODY[::-1], "text/plain")

    @pytest.mark.parametrize("answer", [OTHER_KEY, OTHER_ENCRYPTION])
    def test_an_upload_that_is_not_encrypted_as_asked_is_refused(
        self, behind: S3Store, way: FaultProxy, answer: Rewrite
    ) -> None:
        way.on(rb"^PUT ", answer)

        with pytest.raises(OutputNotProtected):
            behind.upload(BytesIO(BODY))


class TestReading:
    @pytest.mark.parametrize("answer", [NO_BUCKET_KEY, NO_VERSION, OTHER_KEY, OTHER_ENCRYPTION])
    def test_an_answer_that_proves_too_little_gives_no_bytes(
        self, behind: S3Store, way: FaultProxy, answer: Rewrite
    ) -> None:
        stored = behind.write(key(), BODY, "text/plain")
        way.on(rb"^GET ", answer)

        with pytest.raises(OutputNotProtected):
            behind.read(stored)

    def test_what_was_written_under_a_former_key_is_read_while_it_is_named(
        self, store: S3Store, other_key: str
    ) -> None:
        stored = replace(store, keys=AllowedKeys(other_key)).write(key(), BODY, "text/plain")

        assert replace(store, keys=AllowedKeys(store.keys.own, frozenset({other_key}))).read(stored) == BODY
        with pytest.raises(OutputNotProtected):
            store.read(stored)

    def test_a_record_cannot_talk_the_store_into_another_key(self, store: S3Store, other_key: str) -> None:
        stored = store.write(key(), BODY, "text/plain")

        with pytest.raises(OutputNotProtected):
            store.read(replace(stored, kms_key_id=other_key))


class TestKeysOfTenants:
    def test_a_tenants_sources_are_under_its_keys_and_no_others(
        self, store: S3Store, plain: "S3Client", other_key: str
    ) -> None:
        named = replace(store, keys=AllowedKeys(store.keys.own, tenants={"clinic": frozenset({other_key})}))
        theirs, ours = put_source(plain, store, other_key), put_source(plain, store, store.keys.own)

        assert read_source(named, theirs, "clinic") == BODY
        assert read_source(named, ours, "somebody") == BODY
        for source, tenant in ((ours, "clinic"), (theirs, "somebody")):
            with pytest.raises(SourceWrongKey):
                read_source(named, source, tenant)
            with pytest.raises(SourceWrongKey):
                named.describe(source.bucket, source.key, source.version_id, tenant)

    def test_whoever_is_not_named_has_what_is_named_for_everybody(
        self, store: S3Store, plain: "S3Client", other_key: str
    ) -> None:
        named = replace(store, keys=AllowedKeys(store.keys.own, tenants={"*": frozenset({other_key})}))

        assert read_source(named, put_source(plain, store, other_key)) == BODY
        with pytest.raises(SourceWrongKey):
            read_source(named, put_source(plain, store, store.keys.own))

    def test_former_keys_are_everybodys(self, store: S3Store, plain: "S3Client", other_key: str) -> None:
        rotated = replace(store, keys=AllowedKeys(store.keys.own, frozenset({other_key})))

        assert read_source(rotated, put_source(plain, store, other_key)) == BODY


class TestRefusals:
    """Whose fault it is that S3 refuses a source."""

    @pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException"])
    def test_a_key_that_is_not_allowed_is_told_though_s3_refuses_first(
        self, behind: S3Store, way: FaultProxy, plain: "S3Client", other_key: str, code: str
    ) -> None:
        source = put_source(plain, behind, other_key)
        way.on(rb"^GET ", Answer(s3_error(code, 403)))

        with pytest.raises(SourceWrongKey):
            read_source(behind, source)

    @pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException", "KMS.KMSInvalidStateException"])
    def test_an_allowed_key_that_cannot_be_used_is_the_keys_fault(
        self, behind: S3Store, way: FaultProxy, plain: "S3Client", code: str
    ) -> None:
        source = put_source(plain, behind, behind.keys.own)
        way.on(rb"^GET ", Answer(s3_error(code, 403)))

        with pytest.raises(KeyUnusable):
            read_source(behind, source)

    @pytest.mark.parametrize(
        ("code", "status", "becomes"),
        [
            ("AccessDenied", 403, StorageDenied),
            ("NoSuchBucket", 404, StorageDenied),
            ("NoSuchVersion", 404, SourceMissing),
            ("InvalidObjectState", 403, SourceArchived),
            ("KMS.KeyUnavailableException", 500, StorageUnavailable),
        ],
    )
    def test_everything_else_is_what_s3_says(
        self, behind: S3Store, way: FaultProxy, plain: "S3Client", code: str, status: int, becomes: type[PlatformError]
    ) -> None:
        source = put_source(plain, behind, behind.keys.own)
        way.on(rb"^(GET|HEAD) ", Answer(s3_error(code, status)))

        with pytest.raises(becomes) as caught:
            read_source(behind, source)
        assert caught.type is becomes


class TestBusyKms:
    @pytest.mark.parametrize("code", ["KMS.ThrottlingException", "KMS.KMSInternalException"])
    def test_two_refusals_are_borne(self, behind: S3Store, way: FaultProxy, code: str) -> None:
        busy = way.on(rb"^PUT ", Answer(s3_error(code, 400)), times=2)

        behind.write(key(), BODY, "text/plain")

        assert busy.hits == 2

    def test_three_are_told(self, behind: S3Store, way: FaultProxy) -> None:
        busy = way.on(rb"^PUT ", Answer(s3_error("KMS.ThrottlingException", 400)))

        with pytest.raises(StorageUnavailable):
            behind.write(key(), BODY, "text/plain")

        assert busy.hits == 3


class TestProbe:
    def test_a_well_bucket_keeps_nothing_of_it(self, store: S3Store, plain: "S3Client") -> None:
        before = everything(plain, store)

        store.probe()

        assert everything(plain, store) == before

    def test_what_may_be_written_and_not_read_leaves_nothing(
        self, behind: S3Store, way: FaultProxy, plain: "S3Client"
    ) -> None:
        before = everything(plain, behind)
        way.on(rb"^GET ", Answer(s3_error("AccessDenied", 403)))

        with pytest.raises(StorageDenied):
            behind.probe()

        assert everything(plain, behind) == before

    @pytest.mark.parametrize("method", [rb"^PUT ", rb"^GET "])
    @pytest.mark.parametrize(
        ("fault", "becomes"),
        [
            (Answer(s3_error("KMS.DisabledException", 400)), KeyUnusable),
            (Answer(s3_error("AccessDenied", 403)), StorageDenied),
            (NO_BUCKET_KEY, OutputNotProtected),
        ],
    )
    def test_it_meets_what_a_document_would(
        self, behind: S3Store, way: FaultProxy, method: bytes, fault: Answer | Rewrite, becomes: type[PlatformError]
    ) -> None:
        way.on(method, fault)

        with pytest.raises(becomes):
            behind.probe()

    @pytest.mark.parametrize("place", ["work", "results"])
    def test_it_sees_what_is_wrong_with_one_prefix(self, behind: S3Store, way: FaultProxy, place: str) -> None:
        way.on(rb"^PUT /[^/]+/" + place.encode(), Answer(s3_error("AccessDenied", 403)))

        with pytest.raises(StorageDenied):
            behind.probe()

    def test_what_may_not_be_removed_does_not_keep_it_from_passing(self, behind: S3Store, way: FaultProxy) -> None:
        refused = way.on(rb"^DELETE ", Answer(s3_error("AccessDenied", 403)))

        behind.probe()

        assert refused.hits == 2


def everything(plain: "S3Client", store: S3Store) -> int:
    pages = plain.get_paginator("list_object_versions").paginate(Bucket=store.bucket)
    return sum(len(page.get("Versions", ())) + len(page.get("DeleteMarkers", ())) for page in pages)

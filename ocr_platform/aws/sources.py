"""Sources in S3: what is read was encrypted under a key that its tenant may use, as the very answer proves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any
from uuid import uuid4

from ocr_platform.aws.bucket import S3Bucket
from ocr_platform.aws.errors import translated_errors
from ocr_platform.errors import (
    KeyUnusable,
    OutputNotProtected,
    SourceChanged,
    SourceEmpty,
    SourceMissing,
    SourceNotAllowed,
    SourceNotEncrypted,
    SourceTooLarge,
    SourceUnversioned,
    SourceWrongKey,
    StorageDenied,
)
from ocr_platform.models import SourceFacts, SourceRef

_CHUNK = 1024 * 1024
_UPLOADS_PREFIX = "uploads/"
_OWN_PREFIXES = ("work/", "results/")
_ENCRYPTED = ("aws:kms", "aws:kms:dsse")
# Those that botocore verifies while the body is read. S3 gives the others out too, but not everywhere is code for them.
_VERIFIED = ("SHA256", "SHA1", "CRC32")


@dataclass(frozen=True, kw_only=True)
class S3Sources(S3Bucket):
    """Reads what tenants have put into the bucket; sizes in bytes."""

    max_source_bytes: int

    def describe(self, bucket: str, key: str, version_id: str | None = None, tenant: str = "default") -> SourceFacts:
        """Check a source without reading it, and find the version that is current now.

        Raises a DocumentError for a source that the chain would refuse. The facts have no checksum: S3 would want to
        use the key to tell it, and who submits need not be able to.
        """
        self._require_allowed(bucket, key)
        wanted: Any = {"VersionId": version_id} if version_id else {}
        with translated_errors():
            answer = self.client.head_object(Bucket=bucket, Key=key, **wanted, **self._owner())
        return self._checked(answer, tenant)

    @contextmanager
    def open_source(self, source: SourceRef, tenant: str) -> Iterator[tuple[SourceFacts, Iterator[bytes]]]:
        """Open one version of a source; its protection and size are checked before the body is read."""
        self._require_allowed(source.bucket, source.key)
        try:
            with translated_errors():
                answer = self.client.get_object(
                    Bucket=source.bucket,
                    Key=source.key,
                    VersionId=source.version_id,
                    ChecksumMode="ENABLED",
                    **self._owner(),
                )
        except (StorageDenied, KeyUnusable) as exc:
            self._explain(source, tenant, exc)
            raise
        body = answer["Body"]
        try:
            facts = self._checked(answer, tenant)
            if facts.version_id != source.version_id:
                raise SourceChanged
            yield facts, _chunks(body, facts.size)
        finally:
            body.close()

    def upload(self, body: IO[bytes]) -> str:
        """Store a document as a source, under a key that says nothing about it; return its `s3://` URL.

        Raises OutputNotProtected when S3's answer does not prove that it is encrypted as asked.
        """
        key = f"{_UPLOADS_PREFIX}{uuid4()}"
        with translated_errors():
            answer = self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=self.keys.own,
                BucketKeyEnabled=True,
                # S3 checks it now, and gives it out again with the body: what is garbled on the way is noticed.
                ChecksumAlgorithm="SHA256",
                **self._owner(),
            )
        if answer.get("ServerSideEncryption") != "aws:kms" or answer.get("SSEKMSKeyId") != self.keys.own:
            raise OutputNotProtected
        return f"s3://{self.bucket}/{key}"

    def _require_allowed(self, bucket: str, key: str) -> None:
        # Another bucket, or another tenant's results, would be read with the worker's rights, not the submitter's.
        if bucket != self.bucket or key.startswith(_OWN_PREFIXES) or not key:
            raise SourceNotAllowed

    def _explain(self, source: SourceRef, tenant: str, error: StorageDenied | KeyUnusable) -> None:
        """Raise what is really wrong with a source that may not be read, if it can be told.

        A key that is not allowed is most often one that the platform cannot use, so that S3 refuses before it says
        which it was. A HEAD needs no key: where it is granted and shows an allowed one, the key is at fault.
        """
        try:
            self.describe(source.bucket, source.key, source.version_id, tenant)
        except (StorageDenied, SourceMissing):
            return  # all of S3, or the whole bucket
        raise KeyUnusable from error

    def _checked(self, answer: Mapping[str, Any], tenant: str) -> SourceFacts:
        version, size = answer.get("VersionId"), answer["ContentLength"]
        encryption, key = answer.get("ServerSideEncryption"), answer.get("SSEKMSKeyId")
        if encryption not in _ENCRYPTED:
            raise SourceNotEncrypted
        if key not in self.keys.of_sources(tenant):
            raise SourceWrongKey
        if not version or version == "null":
            raise SourceUnversioned
        if size == 0:
            raise SourceEmpty
        if size > self.max_source_bytes:
            raise SourceTooLarge(f"The source has {size} bytes; OCR_MAX_SOURCE_BYTES allows {self.max_source_bytes}.")
        bucket_key = answer.get("BucketKeyEnabled") is True
        return SourceFacts(version, size, encryption, key, bucket_key, _checksum(answer))


def _checksum(answer: Mapping[str, Any]) -> str | None:
    """Algorithm and value (base64) of the checksum that the body is verified by, if there is one.

    One over the parts of an upload (VALUE-PARTS) is none over the body.
    """
    for algorithm in _VERIFIED:
        value = answer.get(f"Checksum{algorithm}")
        if value and "-" not in value:
            return f"{algorithm} {value}"
    return None


def _chunks(body: Any, size: int) -> Iterator[bytes]:
    """The body in chunks; raises SourceChanged when it is not `size` bytes long."""
    seen = 0
    with translated_errors():
        for chunk in body.iter_chunks(_CHUNK):
            seen += len(chunk)
            yield chunk
    if seen != size:
        raise SourceChanged


def parse_s3_url(url: str) -> tuple[str, str]:
    """Split `s3://bucket/key`. Raises SourceMissing when it is not such a URL."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket or not key:
        raise SourceMissing("A source is written s3://BUCKET/KEY.")
    return bucket, key

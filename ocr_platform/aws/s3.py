"""S3 as an ObjectStore: every answer must prove that the object is encrypted under an allowed key."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from ocr_platform.aws.errors import PRECONDITION_FAILED, translated_errors
from ocr_platform.aws.upkeep import S3Upkeep
from ocr_platform.errors import (
    OutputConflict,
    OutputNotProtected,
    SourceChanged,
    SourceEmpty,
    SourceMissing,
    SourceNotAllowed,
    SourceNotEncrypted,
    SourceTooLarge,
    SourceUnversioned,
    SourceWrongKey,
)
from ocr_platform.models import SourceFacts, SourceRef, StoredObject

_CHUNK = 1024 * 1024
_UPLOADS_PREFIX = "uploads/"
_OWN_PREFIXES = ("work/", "results/")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Store(S3Upkeep):
    """Implements `ports.ObjectStore` on one bucket and one KMS key (full ARN); sizes in bytes."""

    kms_key_id: str
    max_source_bytes: int

    def describe(self, bucket: str, key: str, version_id: str | None = None) -> SourceFacts:
        """Check a source without reading it, and find the version that is current now.

        Raises a DocumentError for a source that the chain would refuse.
        """
        self._require_allowed(bucket, key)
        wanted: Any = {"VersionId": version_id} if version_id else {}
        with translated_errors():
            answer = self.client.head_object(Bucket=bucket, Key=key, **wanted, **self._owner())
        return self._checked_source(answer)

    @contextmanager
    def open_source(self, source: SourceRef) -> Iterator[tuple[SourceFacts, Iterator[bytes]]]:
        """Open one version of a source; its protection and size are checked before the body is read."""
        self._require_allowed(source.bucket, source.key)
        with translated_errors():
            answer = self.client.get_object(
                Bucket=source.bucket,
                Key=source.key,
                VersionId=source.version_id,
                ChecksumMode="ENABLED",
                **self._owner(),
            )
        body = answer["Body"]
        try:
            facts = self._checked_source(answer)
            if facts.version_id != source.version_id:
                raise SourceChanged
            yield facts, _chunks(body, facts.size)
        finally:
            body.close()

    def upload(self, body: IO[bytes]) -> str:
        """Store a document as a source, under a key that says nothing about it; return its `s3://` URL."""
        key = f"{_UPLOADS_PREFIX}{uuid4()}"
        with translated_errors():
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=self.kms_key_id,
                BucketKeyEnabled=True,
                # S3 checks it now, and gives it out again with the body: what is garbled on the way is noticed.
                ChecksumAlgorithm="SHA256",
                **self._owner(),
            )
        return f"s3://{self.bucket}/{key}"

    def write(self, key: str, body: bytes, content_type: str) -> StoredObject:
        """Store an object under the platform's key; never overwrites.

        Raises OutputConflict when other bytes lie there, OutputNotProtected when S3's answer proves too little.
        """
        digest = hashlib.sha256(body)
        try:
            with translated_errors():
                answer = self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=body,
                    ContentType=content_type,
                    ServerSideEncryption="aws:kms",
                    SSEKMSKeyId=self.kms_key_id,
                    BucketKeyEnabled=True,
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
                    IfNoneMatch="*",
                    **self._owner(),
                )
        except ClientError as exc:
            if exc.response["Error"]["Code"] != PRECONDITION_FAILED:
                raise
            return self._own_earlier_write(key, len(body), digest.hexdigest())
        return self._stored(key, answer, len(body), digest.hexdigest())

    def read(self, stored: StoredObject) -> bytes:
        """Read an object of the platform's own and check its protection, version and SHA-256.

        Bytes that are not what was written are read once more: it may have been the way here. Raises SourceChanged.
        """
        try:
            return self._read(stored)
        except SourceChanged:
            return self._read(stored)

    def _read(self, stored: StoredObject) -> bytes:
        with translated_errors():
            answer = self.client.get_object(
                Bucket=stored.bucket, Key=stored.key, VersionId=stored.version_id, **self._owner()
            )
            body = answer["Body"].read()
        if self._stored(stored.key, answer, len(body), hashlib.sha256(body).hexdigest()) != stored:
            raise SourceChanged("A stored object is not what was written; the bucket was changed from outside.")
        return body

    def _require_allowed(self, bucket: str, key: str) -> None:
        # Another bucket, or another tenant's results, would be read with the worker's rights, not the submitter's.
        if bucket != self.bucket or key.startswith(_OWN_PREFIXES) or not key:
            raise SourceNotAllowed

    def _checked_source(self, answer: Mapping[str, Any]) -> SourceFacts:
        version = answer.get("VersionId")
        size = answer["ContentLength"]
        if answer.get("ServerSideEncryption") not in ("aws:kms", "aws:kms:dsse"):
            raise SourceNotEncrypted
        if answer.get("SSEKMSKeyId") != self.kms_key_id:
            raise SourceWrongKey
        if not version or version == "null":
            raise SourceUnversioned
        if size == 0:
            raise SourceEmpty
        if size > self.max_source_bytes:
            raise SourceTooLarge(f"The source has {size} bytes; OCR_MAX_SOURCE_BYTES allows {self.max_source_bytes}.")
        return SourceFacts(version, size)

    def _own_earlier_write(self, key: str, size: int, sha256: str) -> StoredObject:
        """Something lies there: fine when it is what we meant to write, by an earlier try of the same job."""
        with translated_errors():
            answer = self.client.get_object(Bucket=self.bucket, Key=key, **self._owner())
            earlier = hashlib.sha256(answer["Body"].read()).hexdigest()
        if earlier != sha256:
            raise OutputConflict
        return self._stored(key, answer, size, sha256)

    def _stored(self, key: str, answer: Mapping[str, Any], size: int, sha256: str) -> StoredObject:
        protected = (
            answer.get("ServerSideEncryption") == "aws:kms"
            and answer.get("SSEKMSKeyId") == self.kms_key_id
            and answer.get("BucketKeyEnabled") is True
        )
        checksum = answer.get("ChecksumSHA256")
        if checksum is not None and base64.b64decode(checksum).hex() != sha256:
            protected = False
        if not protected or not answer.get("VersionId"):
            raise OutputNotProtected
        return StoredObject(self.bucket, key, answer["VersionId"], size, sha256, self.kms_key_id, True)


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

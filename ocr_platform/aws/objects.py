"""Objects that the platform writes: each answer must prove that they are what was written, encrypted as asked."""

import base64
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from ocr_platform.aws.bucket import S3Bucket
from ocr_platform.aws.errors import DONE_ALREADY, translated_errors
from ocr_platform.aws.parts import Digests, digests_of, upload_in_parts
from ocr_platform.errors import (
    OutputConflict,
    OutputNotProtected,
    PlatformError,
    SourceChanged,
    SourceMissing,
    StorageUnavailable,
)
from ocr_platform.models import StoredObject

_log = logging.getLogger(__name__)
# S3's own limit is 5 GiB a request; at this size a request that breaks off costs seconds, not minutes.
PART_BYTES = 32 * 1024 * 1024
_PROBES = ("work", "results")


@dataclass(frozen=True, kw_only=True)
class S3Objects(S3Bucket):
    """Writes under the platform's key, and reads back; objects above `part_bytes` are uploaded in parts."""

    part_bytes: int = PART_BYTES

    def write(self, key: str, body: bytes, content_type: str) -> StoredObject:
        """Store an object under the platform's key; never overwrites.

        Raises OutputConflict when other bytes lie there, OutputNotProtected when S3's answer proves too little: what
        it stored then is removed again.
        """
        digests = digests_of(body, self.part_bytes)
        asked: dict[str, Any] = {
            "Bucket": self.bucket,
            "Key": key,
            "ContentType": content_type,
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": self.keys.own,
            "BucketKeyEnabled": True,
            "ChecksumAlgorithm": "SHA256",
            **self._owner(),
        }
        try:
            with translated_errors():
                answer: Mapping[str, Any]
                if digests.parts:
                    answer = upload_in_parts(self.client, asked, body, self.part_bytes, digests)
                else:
                    answer = self.client.put_object(
                        **asked, Body=body, ChecksumSHA256=digests.checksum, IfNoneMatch="*"
                    )
        except ClientError as exc:
            if exc.response["Error"]["Code"] not in DONE_ALREADY:
                raise
            return self._earlier_write(key, digests)
        try:
            return self._stored(key, answer, digests)
        except OutputNotProtected:
            self._withdraw(key, answer.get("VersionId"))
            raise

    def read(self, stored: StoredObject) -> bytes:
        """Read an object of the platform's own and check its protection, version and SHA-256.

        Bytes that are not what was written are read once more: it may have been the way here. Raises SourceChanged.
        """
        try:
            return self._read(stored)
        except SourceChanged:
            return self._read(stored)

    def probe(self) -> None:
        """Do once, with a few bytes, what every document needs of S3 and the key. Raises what a document would meet."""
        for place in _PROBES:
            # As a job's: what a crash leaves behind there is found among the orphans.
            stored = self.write(f"{place}/{uuid4()}/probe", b"probe", "text/plain")
            try:
                self.read(stored)
            finally:
                # A key that encrypts and does not decrypt would leave one more with each look.
                self._withdraw(stored.key, stored.version_id)

    def _read(self, stored: StoredObject) -> bytes:
        try:
            with translated_errors():
                answer = self.client.get_object(
                    Bucket=stored.bucket, Key=stored.key, VersionId=stored.version_id, **self._owner()
                )
                body = answer["Body"].read()
        except SourceMissing as exc:
            raise SourceMissing("A stored object is gone; the bucket was changed from outside.") from exc
        self._require_protected(answer, stored.kms_key_id)
        found = (answer.get("VersionId"), len(body), hashlib.sha256(body).hexdigest())
        if found != (stored.version_id, stored.size, stored.sha256):
            raise SourceChanged("A stored object is not what was written; the bucket was changed from outside.")
        return body

    def _earlier_write(self, key: str, digests: Digests) -> StoredObject:
        """Something lies there: fine when it is what we meant to write, by an earlier try of the same job.

        The key of an object has its job's id: nobody else writes there.
        """
        try:
            with translated_errors():
                answer = self.client.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED", **self._owner())
        except SourceMissing as exc:
            raise StorageUnavailable from exc  # it is gone again, as is the upload: another try finds out
        if answer["ContentLength"] != digests.size or not _same(answer.get("ChecksumSHA256"), digests):
            raise OutputConflict
        _log.info("own_write_found", extra={"object": key})
        return self._stored(key, answer, digests)

    def _stored(self, key: str, answer: Mapping[str, Any], digests: Digests) -> StoredObject:
        self._require_protected(answer, self.keys.own)
        if not _same(answer.get("ChecksumSHA256"), digests):
            raise OutputNotProtected
        return StoredObject(
            bucket=self.bucket,
            key=key,
            version_id=answer["VersionId"],
            size=digests.size,
            sha256=digests.sha256,
            kms_key_id=self.keys.own,
            bucket_key_enabled=True,
            encryption=answer["ServerSideEncryption"],
            checksum=f"SHA256 {digests.checksum}",
            bucket_owner=self.bucket_owner,
        )

    def _require_protected(self, answer: Mapping[str, Any], key: str) -> None:
        """Raises OutputNotProtected unless S3 says: SSE-KMS, this key, one that is ours, a bucket key, a version."""
        protected = (
            answer.get("ServerSideEncryption") == "aws:kms"
            and answer.get("SSEKMSKeyId") == key
            and key in self.keys.readable
            and answer.get("BucketKeyEnabled") is True
            and answer.get("VersionId") not in (None, "", "null")
        )
        if not protected:
            raise OutputNotProtected

    def _withdraw(self, key: str, version_id: str | None) -> None:
        """Remove a version that was just written, if that may be done."""
        wanted: Any = {"VersionId": version_id} if version_id else {}
        try:
            with translated_errors():
                self.client.delete_object(Bucket=self.bucket, Key=key, **wanted, **self._owner())
        except PlatformError as exc:
            _log.warning("object_left", extra={"object": key, "code": exc.code})


def _same(checksum: str | None, digests: Digests) -> bool:
    """Whether S3's SHA-256 is ours. Of an upload in parts it is one over theirs, as VALUE-PARTS or as VALUE alone."""
    if checksum is None:
        return False
    value, _, parts = checksum.partition("-")
    expected, _, count = digests.checksum.partition("-")
    return base64.b64decode(value) == base64.b64decode(expected) and parts in ("", count)

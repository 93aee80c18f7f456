"""Uploads in parts, each with its SHA-256; nothing is there before all of them are."""

import base64
import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocr_platform.aws.errors import translated_errors
from ocr_platform.errors import OutputNotProtected, PlatformError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_log = logging.getLogger(__name__)
_WHERE = ("Bucket", "Key", "ExpectedBucketOwner")


@dataclass(frozen=True, slots=True)
class Digests:
    """Of a body: its size in bytes, the hex SHA-256 of all, and the checksum (base64) that S3 is to confirm.

    With `parts`, each part's own, that is the SHA-256 of their SHA-256s, followed by `-` and how many they are.
    """

    size: int
    sha256: str
    checksum: str
    parts: tuple[str, ...] = ()


def digests_of(body: bytes, part_bytes: int) -> Digests:
    """The digests of a body; in parts when it is larger than one.

    Source of the checksum's form: Amazon S3 User Guide, "Checking object integrity", composite checksums.
    """
    whole = hashlib.sha256(body)
    if len(body) <= part_bytes:
        return Digests(len(body), whole.hexdigest(), _base64(whole.digest()))
    each = [hashlib.sha256(part).digest() for part in _parts(body, part_bytes)]
    composite = f"{_base64(hashlib.sha256(b''.join(each)).digest())}-{len(each)}"
    return Digests(len(body), whole.hexdigest(), composite, tuple(map(_base64, each)))


def upload_in_parts(
    client: "S3Client", asked: Mapping[str, Any], body: bytes, part_bytes: int, digests: Digests
) -> Mapping[str, Any]:
    """Upload, complete if nothing lies there yet, and return what S3 says of the version that was made.

    `asked` is all that a single put would be asked for. An upload that fails is given up.
    """
    where = {name: asked[name] for name in _WHERE if name in asked}
    upload_id = client.create_multipart_upload(**asked)["UploadId"]
    try:
        parts = [
            _part(client, where, upload_id, number, part, digests.parts[number - 1], asked["SSEKMSKeyId"])
            for number, part in enumerate(_parts(body, part_bytes), start=1)
        ]
        made = client.complete_multipart_upload(
            **where, UploadId=upload_id, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
        )
    except BaseException:
        _give_up(client, where, upload_id)
        raise
    # The answer to the completion need not tell of the bucket key: this one, of that very version, does.
    return client.head_object(**where, VersionId=made["VersionId"], ChecksumMode="ENABLED")


def _part(
    client: "S3Client", where: Any, upload_id: str, number: int, part: bytes, checksum: str, kms_key_id: str
) -> "CompletedPartTypeDef":
    """Upload a part. Raises OutputNotProtected when S3 does not say that it is under the key, and what was sent."""
    answer = client.upload_part(
        **where, UploadId=upload_id, PartNumber=number, Body=part, ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum
    )
    if answer.get("SSEKMSKeyId") != kms_key_id or answer.get("ChecksumSHA256") != checksum:
        raise OutputNotProtected
    return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}


def _give_up(client: "S3Client", where: Mapping[str, Any], upload_id: str) -> None:
    """Remove the parts; what is left of them when that fails too, the reaper removes a day later."""
    try:
        with translated_errors():
            client.abort_multipart_upload(**where, UploadId=upload_id)
    except PlatformError as exc:
        _log.warning("upload_left", extra={"code": exc.code})


def _parts(body: bytes, part_bytes: int) -> Iterator[bytes]:
    for start in range(0, len(body), part_bytes):
        yield body[start : start + part_bytes]


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()

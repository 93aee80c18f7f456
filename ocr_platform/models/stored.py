"""Objects in S3 and sealed text: what was read, what was written, and how it is protected."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ocr_platform.models.options import OutputFormat


class TextStorage(StrEnum):
    """What the database keeps of recognised text."""

    SEALED = "sealed"  # each page, encrypted under a data key of its job
    NONE = "none"


class StoredText(StrEnum):
    """What the database has of one job's text."""

    NONE = "none"
    SEALED = "sealed"
    ERASED = "erased"  # its data key was deleted


@dataclass(frozen=True, slots=True)
class SourceRef:
    """One version of one object in S3."""

    bucket: str
    key: str
    version_id: str


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What S3 says of a source before its body is read, and with it; `size` in bytes.

    `encryption` is `aws:kms` or `aws:kms:dsse`, `kms_key_id` the key's ARN. `checksum` is algorithm and base64 value of
    what the body was verified by, None when its uploader gave none, or one that cannot be verified here.
    """

    version_id: str
    size: int
    encryption: str
    kms_key_id: str
    bucket_key_enabled: bool
    checksum: str | None = None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that the platform wrote, and how S3 said that it is protected; `size` in bytes, hex SHA-256.

    `checksum` is what S3 confirmed: algorithm and base64 value, of an upload in parts over theirs, with their number.
    """

    bucket: str
    key: str
    version_id: str
    size: int
    sha256: str
    kms_key_id: str
    bucket_key_enabled: bool
    encryption: str = "aws:kms"
    checksum: str | None = None
    bucket_owner: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a job."""

    format: OutputFormat
    content_type: str
    stored: StoredObject


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as it may be stored: KMS alone can unwrap it, for the context that it was made for."""

    kms_key_id: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class SealedText:
    """The text of a job's pages, each sealed under the job's data key; `pages` by number."""

    key: WrappedKey
    pages: Mapping[int, bytes]

"""botocore's errors in the platform's terms."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError, NoCredentialsError
from urllib3.exceptions import HTTPError

from ocr_platform.aws.refusals import REFUSED
from ocr_platform.errors import (
    CredentialsRefused,
    CredentialsUnavailable,
    KeyUnusable,
    PlatformError,
    SourceArchived,
    SourceChanged,
    SourceMissing,
    StorageDenied,
    StorageUnavailable,
)

_KINDS: dict[str, type[PlatformError]] = {
    "NoSuchKey": SourceMissing,
    "NoSuchVersion": SourceMissing,
    "NotFound": SourceMissing,
    "404": SourceMissing,
    "InvalidObjectState": SourceArchived,
    "AccessDenied": StorageDenied,
    "403": StorageDenied,
    "NoSuchBucket": StorageDenied,
}
# From KMS itself without the prefix, through S3 with it.
_KEY = frozenset(
    {"DisabledException", "NotFoundException", "KMSInvalidStateException", "AccessDeniedException"}
    | {"InvalidKeyUsageException"}
)
# An object lies there already; an upload in parts is not there any more: both may be one's own earlier request's doing.
DONE_ALREADY = frozenset({"PreconditionFailed", "NoSuchUpload"})


@contextmanager
def translated_errors(unavailable: type[PlatformError] = StorageUnavailable) -> Iterator[None]:
    """Translate what is known; let what is done already pass through. All else becomes `unavailable`."""
    try:
        yield
    except FlexibleChecksumError as exc:
        raise SourceChanged from exc
    except NoCredentialsError as exc:
        raise CredentialsUnavailable from exc
    except ClientError as exc:
        kind = _kind_of(exc.response["Error"]["Code"], unavailable)
        if kind is None:
            raise
        raise kind from exc
    except (BotoCoreError, HTTPError, OSError) as exc:
        raise unavailable from exc


def _kind_of(code: str, unavailable: type[PlatformError]) -> type[PlatformError] | None:
    """What an answer's code means; None for what only the caller can tell."""
    if code in DONE_ALREADY:
        return None
    if code.removeprefix("KMS.") in _KEY:
        return KeyUnusable
    if code in REFUSED:
        return CredentialsRefused
    return _KINDS.get(code, unavailable)

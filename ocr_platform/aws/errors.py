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
    SourceChanged,
    SourceMissing,
    StorageDenied,
    StorageUnavailable,
)

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "NotFound", "404"})
_DENIED = frozenset({"AccessDenied", "403", "NoSuchBucket"})
# From KMS itself without the prefix, through S3 with it.
_KEY = frozenset({"DisabledException", "NotFoundException", "KMSInvalidStateException", "AccessDeniedException"})
PRECONDITION_FAILED = "PreconditionFailed"


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate what is known; let a failed precondition and what nobody knows pass through."""
    try:
        yield
    except FlexibleChecksumError as exc:
        raise SourceChanged from exc
    except NoCredentialsError as exc:
        raise CredentialsUnavailable from exc
    except ClientError as exc:
        code = exc.response["Error"]["Code"]
        if code in _MISSING:
            raise SourceMissing from exc
        if code in REFUSED:
            raise CredentialsRefused from exc
        if code in _DENIED:
            raise StorageDenied from exc
        if code.removeprefix("KMS.") in _KEY:
            raise KeyUnusable from exc
        if code == PRECONDITION_FAILED:
            raise
        raise StorageUnavailable from exc
    except (BotoCoreError, HTTPError, OSError) as exc:
        raise StorageUnavailable from exc

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    FlexibleChecksumError,
    NoCredentialsError,
    ReadTimeoutError,
)

from ocr_platform.aws.errors import translated_errors
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


def _answer(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "uploads/patient-roe.pdf"}}, "GetObject")


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (_answer("NoSuchKey"), SourceMissing),
        (_answer("NoSuchVersion"), SourceMissing),
        (_answer("404"), SourceMissing),
        (_answer("InvalidObjectState"), SourceArchived),
        (_answer("AccessDenied"), StorageDenied),
        (_answer("403"), StorageDenied),
        (_answer("NoSuchBucket"), StorageDenied),
        (_answer("KMS.DisabledException"), KeyUnusable),
        (_answer("KMS.KMSInvalidStateException"), KeyUnusable),
        (_answer("KMS.NotFoundException"), KeyUnusable),
        (_answer("DisabledException"), KeyUnusable),
        *[(_answer(code), CredentialsRefused) for code in sorted(REFUSED)],
        (_answer("SlowDown"), StorageUnavailable),
        (_answer("503"), StorageUnavailable),
        (_answer("InternalError"), StorageUnavailable),
        (NoCredentialsError(), CredentialsUnavailable),
        (EndpointConnectionError(endpoint_url="https://s3"), StorageUnavailable),
        (ReadTimeoutError(endpoint_url="https://s3"), StorageUnavailable),
        (ConnectionResetError(), StorageUnavailable),
        (FlexibleChecksumError(error_msg="mismatch"), SourceChanged),
    ],
)
def test_errors_of_s3_become_the_platforms(error: Exception, becomes: type[PlatformError]) -> None:
    with pytest.raises(becomes) as caught, translated_errors():
        raise error

    assert caught.type is becomes
    assert caught.value.__cause__ is error
    assert "roe" not in caught.value.message


def test_failed_precondition_is_left_to_the_caller() -> None:
    with pytest.raises(ClientError), translated_errors():
        raise _answer("PreconditionFailed")


def test_errors_that_nobody_knows_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), translated_errors():
        raise ZeroDivisionError


def test_errors_of_the_platform_pass_through() -> None:
    with pytest.raises(SourceChanged), translated_errors():
        raise SourceChanged

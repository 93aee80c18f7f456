"""What a worker asks of the world before it takes work: each thing once, with a line that an operator can act on."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing

from botocore.exceptions import BotoCoreError, ClientError
from kombu.exceptions import KombuError
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
from sqlalchemy import text
from urllib3.exceptions import HTTPError

from ocr_platform.access import Access
from ocr_platform.aws.refusals import REFUSED
from ocr_platform.aws.session import make_client
from ocr_platform.db.engine import login_refused, statement
from ocr_platform.errors import EXIT_CONFIG, CredentialsUnavailable, DatabaseUnavailable, PlatformError
from ocr_platform.runtime import Runtime
from ocr_platform.settings import Settings

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.5

_KMS = {
    "AccessDeniedException": "may not be used; allow kms:GenerateDataKey and kms:Decrypt by the role and by its policy",
    "NotFoundException": "there is no such key; check the ARN and AWS_REGION",
    "DisabledException": "the key is disabled; enable it",
    "KMSInvalidStateException": "the key is not in use, or waits for its deletion; enable it",
}
_S3 = {
    "NoSuchBucket": "S3_BUCKET_NAME: there is no such bucket",
    "AccessDenied": "S3_BUCKET_NAME: may not be listed; allow s3:ListBucket and s3:ListBucketVersions on it",
    "PermanentRedirect": "AWS_REGION: the bucket lies in another region",
    "AuthorizationHeaderMalformed": "AWS_REGION: the bucket lies in another region",
}


def require_start(settings: Settings, access: Access) -> None:
    """End this process with a line for each fault, if there is one.

    Celery logs what its handlers raise and goes on; only the end of the program is its end.
    """
    faults = faults_at_start(settings, access)
    if faults:
        sys.stderr.writelines(f"ocr-platform: {line}\n" for line in faults)  # as for wrong settings: for people
        sys.exit(EXIT_CONFIG)


def faults_at_start(settings: Settings, access: Access) -> list[str]:
    """What is wrong, a line each; empty when all is well, within OCR_START_SECONDS.

    Whatever is missing may be just on its way: a database that starts, a role that is being attached.
    """
    ends = time.monotonic() + settings.ocr_start_seconds
    told: list[str] = []
    while True:
        faults = _faults(settings, access)
        if not faults or time.monotonic() >= ends:
            return faults
        for line in faults:
            if line not in told:
                _log.warning("start_waits", extra={"fault": line})
        told = faults
        time.sleep(_PAUSE_SECONDS)


def _faults(settings: Settings, access: Access) -> list[str]:
    """One look at everything, with services of its own that are gone afterwards: what is forked inherits none."""
    with closing(Runtime(settings, access)) as runtime:
        checks: tuple[Callable[[Runtime], Iterator[str]], ...] = (_aws, _database, _redis)
        return [line for check in checks for line in check(runtime)]


def _aws(runtime: Runtime) -> Iterator[str]:
    try:
        credentials = runtime.aws.get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()
    except PlatformError as exc:
        yield exc.message
        return
    for service, what, ask in (("kms", "KMS_KEY_ID", _use_key), ("s3", "S3_BUCKET_NAME", _list_bucket)):
        try:
            ask(runtime)
        except ClientError as exc:
            yield _aws_line(service, what, exc.response["Error"]["Code"], runtime.settings)
        except PlatformError as exc:
            yield exc.message
        except (BotoCoreError, HTTPError, OSError) as exc:
            yield f"{what}: {service.upper()} in {runtime.settings.aws_region} does not answer ({type(exc).__name__})"


def _use_key(runtime: Runtime) -> None:
    """One round trip: what S3 will do with the key for each object."""
    settings, context = runtime.settings, {"purpose": "start"}
    with closing(make_client(runtime.aws, "kms", settings)) as kms:
        made = kms.generate_data_key(KeyId=settings.kms_key_id, KeySpec="AES_256", EncryptionContext=context)
        kms.decrypt(KeyId=settings.kms_key_id, CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)


def _list_bucket(runtime: Runtime) -> None:
    store = runtime.store
    owner = {"ExpectedBucketOwner": store.bucket_owner} if store.bucket_owner else {}
    store.client.list_object_versions(Bucket=store.bucket, Prefix="work/", MaxKeys=1, **owner)  # type: ignore[arg-type]


def _aws_line(service: str, what: str, code: str, settings: Settings) -> str:
    if code in REFUSED:
        return f"AWS credentials: {service.upper()} refuses them ({code}); source: {settings.aws_credentials}"
    if service == "kms" and code in _KMS:
        return f"{what}: {_KMS[code]}"
    return _S3.get(code, f"{what}: {service.upper()} answers {code}")


def _database(runtime: Runtime) -> Iterator[str]:
    settings = runtime.settings
    server = f"Postgres at {settings.db_host}:{settings.db_port}"
    try:
        with statement(runtime.engine) as connection:
            if connection.scalar(text("SELECT to_regclass('jobs')")) is None:
                yield f"DB_NAME: {settings.db_name} has no tables of the platform; run ocr-platform migrate"
    except DatabaseUnavailable as exc:
        cause = str(exc.__cause__)
        if isinstance(exc.__cause__, CredentialsUnavailable):
            yield cause
        elif "certificate" in cause or "SSL" in cause:
            yield f"DB_SSLROOTCERT: {server} has no certificate that it signs for this host, or no TLS"
        elif login_refused(exc.__cause__ or exc):
            yield (
                f"DB_USER: {server} refuses the login of {settings.db_user}; check DB_NAME, DB_USER and its password"
            )
        else:
            yield f"DB_HOST: {server} does not answer"


def _redis(runtime: Runtime) -> Iterator[str]:
    settings = runtime.settings
    server = f"Redis at {settings.redis_host}:{settings.redis_port}"
    try:
        with runtime.app.connection_for_write() as connection:
            connection.connect()
    except PlatformError as exc:
        yield exc.message
    except (AuthenticationError, NoPermissionError):
        yield f"REDIS_USERNAME: {server} refuses the login; check REDIS_USERNAME and its password"
    except (KombuError, RedisError, OSError) as exc:
        if "CERTIFICATE" in str(exc).upper() or "SSL" in str(exc).upper():
            yield f"REDIS_CA_FILE: {server} has no certificate that it signs for this host, or no TLS"
        else:
            yield f"REDIS_HOST: {server} does not answer"

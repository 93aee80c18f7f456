"""boto3 sessions and clients, with timeouts, retries and endpoints set in one place.

Clients are safe for threads and not for forks: build them lazily, in the process that uses them.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from ocr_platform.aws.secret import session_from_secret
from ocr_platform.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONFIG = Config(
    # Three tries, each cut off after a silence of 15 seconds: given up well before the shortest time limit of a stage
    # ends it, so that an S3 which does not answer costs attempts that are made again, and never a document.
    connect_timeout=5,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 3},
    # Path style: bucket names with dots keep a valid certificate, and emulators need no wildcard host name.
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_supported",
    # Says who asks, in CloudTrail, and not on what machine; botocore's own is put together anew for each request,
    # a tenth of a request's CPU time.
    user_agent=f"ocr_platform/{version('ocr-platform')}",
)


def make_session(settings: Settings) -> boto3.session.Session:
    """A session with the credentials that the settings ask for.

    With AWS_SECRET_ARN they come from Secrets Manager; else from the environment (development alone); else from
    the IAM role of the instance or task, which botocore renews by itself.
    """
    session = _base_session(settings)
    if settings.aws_secret_arn is None:
        return session
    return session_from_secret(session, settings.aws_secret_arn, settings.aws_endpoint_url)


def _base_session(settings: Settings) -> boto3.session.Session:
    keys: dict[str, Any] = {
        name: secret.get_secret_value() if secret else None
        for name, secret in (
            ("aws_access_key_id", settings.aws_access_key_id),
            ("aws_secret_access_key", settings.aws_secret_access_key),
            ("aws_session_token", settings.aws_session_token),
        )
    }
    return boto3.session.Session(region_name=settings.aws_region, **keys)


def s3_client(settings: Settings) -> "S3Client":
    """An S3 client of its own session."""
    return make_session(settings).client("s3", endpoint_url=settings.aws_endpoint_url, config=_CONFIG)

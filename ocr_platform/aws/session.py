"""boto3 sessions and clients, with credentials, timeouts, retries and endpoints set in one place.

Clients are safe for threads and not for forks: build them lazily, in the process that uses them.
"""

from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ocr_platform.aws.busy import patient
from ocr_platform.aws.credentials import KnownKeys, Metadata, Provider, keys_of_secret, session_with
from ocr_platform.aws.refusals import renewing
from ocr_platform.aws.role import fetch_role
from ocr_platform.aws.secrets import SecretsManager
from ocr_platform.errors import CredentialsUnavailable
from ocr_platform.monitoring.redaction import learn
from ocr_platform.settings import AwsCredentials, Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONFIG = Config(
    # Three tries, each cut off after a silence of 15 seconds: given up well before the shortest time limit of a stage
    # ends it, so that an S3 which does not answer costs attempts that are made again, and never a document.
    connect_timeout=5,
    read_timeout=15,
    # Adaptive: a client that is told to slow down sends less, instead of spending its tries.
    retries={"mode": "adaptive", "total_max_attempts": 3},
    # Path style: bucket names with dots keep a valid certificate, and emulators need no wildcard host name.
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_supported",
    # Says who asks, in CloudTrail, and not on what machine; botocore's own is put together anew for each request,
    # a tenth of a request's CPU time.
    user_agent=f"ocr_platform/{version('ocr-platform')}",
    # AWS_ENDPOINT_URL_S3 and its kin would lead requests past what the settings say and production checks.
    ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # botocore-stubs do not know it
)
# For credentials: asked in the middle of other requests, which have good keys for a while yet.
_BRIEF = _CONFIG.merge(Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}))
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_ROLE_SECONDS = 3600


def make_session(settings: Settings, known: KnownKeys | None = None) -> boto3.session.Session:
    """A session with the credentials that the settings ask for: `Settings.aws_credentials` says which.

    Role and secret are fetched at the first request and renewed by themselves; until then, and when that fails, what is
    `known` is used.
    """
    interval = timedelta(seconds=settings.ocr_credentials_refresh_seconds)
    match settings.aws_credentials:
        case AwsCredentials.ROLE:
            return session_with(Provider(fetch_role, "role", interval, known), settings.aws_region)
        case AwsCredentials.SECRET:
            return session_with(Provider(_SecretKeys(settings), "secret", interval, known), settings.aws_region)
        case _:
            return _static_session(settings)


def _static_session(settings: Settings) -> boto3.session.Session:
    keys: dict[str, Any] = {
        name: secret.get_secret_value() if secret else None
        for name, secret in (
            ("aws_access_key_id", settings.aws_access_key_id),
            ("aws_secret_access_key", settings.aws_secret_access_key),
            ("aws_session_token", settings.aws_session_token),
        )
    }
    return boto3.session.Session(region_name=settings.aws_region, **keys)


class _SecretKeys:
    """Fetches the keys of the secret in AWS_SECRET_ARN, by another session: one that gets its keys here would wait for
    itself. Who may read it is found where AWS' own tools look: a role, a profile, in development keys.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._manager: SecretsManager | None = None

    def __call__(self) -> Metadata:
        settings = self._settings
        if settings.aws_secret_arn is None:
            raise CredentialsUnavailable("AWS_SECRET_ARN: missing")
        if self._manager is None:
            self._manager = SecretsManager(self._reader(), settings.aws_endpoint_url, _BRIEF)
        fields = self._manager.read("AWS_SECRET_ARN", settings.aws_secret_arn, _KEYS)
        learn("AWS_SECRET_ARN", *(fields.get(name) for name in (*_KEYS, "AWS_SESSION_TOKEN")))
        return keys_of_secret(fields, self._assume)

    def _reader(self) -> boto3.session.Session:
        if self._settings.aws_access_key_id is not None:
            return _static_session(self._settings)
        session = botocore.session.get_session()
        session.set_config_variable("ec2_metadata_v1_disabled", True)
        return boto3.session.Session(botocore_session=session, region_name=self._settings.aws_region)

    def _assume(self, keys: Mapping[str, Any], role: str) -> Metadata:
        """Temporary credentials of a role, for the keys of the secret. Raises CredentialsUnavailable."""
        session = boto3.session.Session(
            keys["AWS_ACCESS_KEY_ID"],
            keys["AWS_SECRET_ACCESS_KEY"],
            keys.get("AWS_SESSION_TOKEN"),
            region_name=self._settings.aws_region,
        )
        client = session.client("sts", endpoint_url=self._settings.aws_endpoint_url, config=_BRIEF)
        try:
            answer = client.assume_role(RoleArn=role, RoleSessionName="ocr-platform", DurationSeconds=_ROLE_SECONDS)
        except (ClientError, BotoCoreError) as exc:
            code = exc.response["Error"]["Code"] if isinstance(exc, ClientError) else type(exc).__name__
            reason = f"the role of its AWS_ROLE_ARN cannot be assumed ({code}); check the role's trust policy"
            raise CredentialsUnavailable(f"AWS_SECRET_ARN: {reason}") from exc
        finally:
            client.close()
        found = answer["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }


def make_client(session: boto3.session.Session, service: str, settings: Settings, region: str | None = None) -> Any:
    """A client that renews its session's credentials when AWS refuses them, and bears with a busy KMS.

    In the session's own region unless another is named.
    """
    # One of boto3's clients, chosen by name.
    client: Any = session.client(  # type: ignore[call-overload]
        service, region_name=region, endpoint_url=settings.aws_endpoint_url, config=_CONFIG
    )
    return renewing(patient(client), session.get_credentials())


def s3_client(settings: Settings, session: boto3.session.Session | None = None) -> "S3Client":
    """An S3 client, of a session of its own unless one is given."""
    client: S3Client = make_client(session or make_session(settings), "s3", settings)
    return client


def secrets_manager(settings: Settings, session: boto3.session.Session) -> SecretsManager:
    """Reads other secrets than that of the AWS keys, with the session's credentials."""
    return SecretsManager(session, settings.aws_endpoint_url, _BRIEF)

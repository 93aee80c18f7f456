"""AWS keys from a Secrets Manager secret, in memory alone, read again before they grow old."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import botocore.session
from botocore.credentials import CredentialProvider, DeferredRefreshableCredentials

from ocr_platform.errors import StorageDenied

_REQUIRED = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
# botocore renews 15 minutes before the expiry that it is told; an hour means a fresh read about every 45 minutes.
_LIFETIME = timedelta(hours=1)


class SecretProvider(CredentialProvider):
    """A botocore credential provider over one secret.

    The secret is JSON with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if they are temporary, AWS_SESSION_TOKEN.
    `reader` is another session, which may read the secret: the session that uses the keys would wait for itself.
    """

    METHOD = "ocr-platform-secret"

    def __init__(self, reader: boto3.session.Session, secret_arn: str, endpoint_url: str | None) -> None:
        super().__init__()
        self._reader = reader
        self._secret_arn = secret_arn
        self._endpoint_url = endpoint_url

    def load(self) -> DeferredRefreshableCredentials:
        """Credentials that read the secret at the first request and again before they expire."""
        return DeferredRefreshableCredentials(refresh_using=self._read, method=self.METHOD)

    def _read(self) -> dict[str, Any]:
        # An ARN says in which region its secret lives: arn:aws:secretsmanager:REGION:...
        region = self._secret_arn.split(":")[3]
        client = self._reader.client("secretsmanager", region_name=region, endpoint_url=self._endpoint_url)
        keys = _parsed(client.get_secret_value(SecretId=self._secret_arn).get("SecretString", ""))
        return {
            "access_key": keys["AWS_ACCESS_KEY_ID"],
            "secret_key": keys["AWS_SECRET_ACCESS_KEY"],
            "token": keys.get("AWS_SESSION_TOKEN"),
            "expiry_time": (datetime.now(UTC) + _LIFETIME).isoformat(),
        }


def _parsed(secret: str) -> dict[str, str]:
    """The keys in a secret. Raises StorageDenied; a parser's own error would carry the secret along."""
    try:
        keys = json.loads(secret)
        if all(isinstance(keys[name], str) and keys[name] for name in _REQUIRED):
            return dict(keys)
    except (ValueError, KeyError, TypeError):
        pass
    raise StorageDenied(f"The secret in AWS_SECRET_ARN is no JSON object with {' and '.join(_REQUIRED)}.")


def session_from_secret(
    reader: boto3.session.Session, secret_arn: str, endpoint_url: str | None
) -> boto3.session.Session:
    """A session whose keys come from the secret. Nothing is read before the first request."""
    session = botocore.session.get_session()
    provider = SecretProvider(reader, secret_arn, endpoint_url)
    session.get_component("credential_provider").insert_before("env", provider)
    return boto3.session.Session(botocore_session=session, region_name=reader.region_name)

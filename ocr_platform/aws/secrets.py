"""Secrets Manager: secrets that are JSON objects, read when asked for and never kept here."""

import json
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from ocr_platform.errors import CredentialsUnavailable, PlatformError

_REASONS = {
    "ResourceNotFoundException": "there is no such secret in {region}; check the ARN",
    "AccessDeniedException": "may not be read; allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its key",
    "DecryptionFailure": "cannot be decrypted; allow kms:Decrypt on its key",
    "UnrecognizedClientException": "cannot be read: AWS does not know the credentials that would read it",
    "InvalidSignatureException": "cannot be read: AWS does not accept the credentials that would read it",
    "ExpiredTokenException": "cannot be read: the credentials that would read it have expired",
}


class SecretsManager:
    """Reads secrets with the credentials of a session; `endpoint_url` is None for AWS itself.

    Another session's than the one that a secret gives its keys to: it would wait for itself.
    """

    def __init__(self, session: boto3.session.Session, endpoint_url: str | None, config: Config) -> None:
        self._session = session
        self._endpoint_url = endpoint_url
        self._config = config

    def read(self, variable: str, arn: str, required: Sequence[str]) -> dict[str, Any]:
        """The secret that `variable` names, if it has these fields. Raises CredentialsUnavailable, quoting nothing.

        An ARN says in which region its secret lives: arn:aws:secretsmanager:REGION:...
        """
        region = arn.split(":")[3]
        client = self._session.client(
            "secretsmanager", region_name=region, endpoint_url=self._endpoint_url, config=self._config
        )
        try:
            answer = client.get_secret_value(SecretId=arn)
        except PlatformError:
            raise
        except ClientError as exc:
            code = exc.response["Error"]["Code"]
            reason = _REASONS.get(code, f"cannot be read now ({code})").format(region=region)
            raise CredentialsUnavailable(f"{variable}: {reason}") from exc
        except (BotoCoreError, HTTPError, OSError) as exc:
            reason = f"cannot be read: {type(exc).__name__} from Secrets Manager in {region}"
            raise CredentialsUnavailable(f"{variable}: {reason}") from exc
        finally:
            client.close()
        return _checked(variable, answer.get("SecretString", ""), required)


def _checked(variable: str, secret: str, required: Sequence[str]) -> dict[str, Any]:
    """The fields of a secret. A parser's own error would carry the secret along."""
    try:
        fields = json.loads(secret)
        if isinstance(fields, dict) and all(isinstance(fields[name], str) and fields[name] for name in required):
            return fields
    except (ValueError, KeyError):
        pass
    raise CredentialsUnavailable(f"{variable}: the secret is no JSON object with {' and '.join(required)}")

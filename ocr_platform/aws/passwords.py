"""Passwords of documents in Secrets Manager, each a JSON object with `password`; read when needed and never kept."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ocr_platform.aws.errors import translated_errors
from ocr_platform.aws.refusals import REFUSED
from ocr_platform.errors import PasswordUnavailable, SecretsUnavailable
from ocr_platform.monitoring.redaction import learn

# What is wrong with the secret that was named, whoever asks again. Secrets Manager API Reference, GetSecretValue.
_REASONS = {
    "ResourceNotFoundException": "is not there; check the ARN.",
    "AccessDeniedException": "may not be read; allow the workers secretsmanager:GetSecretValue on it, and kms:Decrypt.",
    "DecryptionFailure": "cannot be decrypted; allow the workers kms:Decrypt on its key.",
    "InvalidRequestException": "waits for its deletion, or has no value.",
    "InvalidParameterException": "is not there; check the ARN.",
    "ValidationException": "is not there; check the ARN.",
}


@dataclass(frozen=True, slots=True)
class DocumentPasswords:
    """Implements `ports.PasswordStore`. `client_in` makes a client of Secrets Manager in a region.

    A submitter names a secret, and the worker reads it with its own rights: so a tenant's secrets have names that begin
    with `prefix` and the tenant's own, and no other is read.
    """

    client_in: Callable[[str], Any]
    prefix: str

    def password(self, secret: str, tenant: str) -> str:
        """The password in a tenant's secret. Raises PasswordUnavailable, SecretsUnavailable, CredentialsRefused."""
        # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
        *_, region, _account, _kind, name = secret.split(":", 6)
        allowed = f"{self.prefix}{tenant}/"
        if not name.startswith(allowed):
            raise PasswordUnavailable(f"password_secret: the name of the secret must begin with {allowed}.")
        client = self.client_in(region)
        try:
            with _secret_errors():
                answer = client.get_secret_value(SecretId=secret)
        finally:
            client.close()
        return _password_in(answer.get("SecretString", ""))


@contextmanager
def _secret_errors() -> Iterator[None]:
    with translated_errors(unavailable=SecretsUnavailable):
        try:
            yield
        except ClientError as exc:
            code = exc.response["Error"]["Code"]
            if code in _REASONS:
                raise PasswordUnavailable(f"password_secret: the secret {_REASONS[code]}") from exc
            if code in REFUSED:
                raise
            raise SecretsUnavailable from exc


def _password_in(secret: str) -> str:
    """Raises PasswordUnavailable; a parser's own error would carry the secret along."""
    try:
        fields = json.loads(secret)
    except ValueError:
        fields = None
    password = fields.get("password") if isinstance(fields, dict) else None
    if not isinstance(password, str) or not password:
        raise PasswordUnavailable("password_secret: the secret is no JSON object with password.")
    learn("passwords of documents", password)
    return password

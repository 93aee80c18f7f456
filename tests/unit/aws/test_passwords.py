import json
import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ocr_platform.aws.passwords import DocumentPasswords
from ocr_platform.errors import CredentialsRefused, PasswordUnavailable, PlatformError, SecretsUnavailable
from ocr_platform.monitoring.redaction import redact

PREFIX = "ocr-platform/passwords/"
ARN = f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{PREFIX}clinic/letter-AbCdEf"
PASSWORD = "Grüße-aus-Wien-17"


class FakeSecrets:
    """A client of Secrets Manager with one answer; `regions` are those that it was made for."""

    def __init__(self, answer: str | Exception) -> None:
        self.answer = answer
        self.regions: list[str] = []
        self.asked: list[str] = []
        self.closed = 0

    def __call__(self, region: str) -> "FakeSecrets":
        self.regions.append(region)
        return self

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803  boto3's
        self.asked.append(SecretId)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"SecretString": self.answer}

    def close(self) -> None:
        self.closed += 1


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"quotes {PASSWORD}"}}, "GetSecretValue")


def test_password_is_read_in_the_region_of_its_secret_and_taken_out_of_logs_from_then_on() -> None:
    secrets = FakeSecrets(json.dumps({"password": PASSWORD}))

    found = DocumentPasswords(secrets, PREFIX).password(ARN, "clinic")

    assert found == PASSWORD
    assert (secrets.regions, secrets.asked, secrets.closed) == (["eu-west-1"], [ARN], 1)
    assert PASSWORD not in redact(f"the decoder said {PASSWORD}")


def test_it_is_read_anew_each_time() -> None:
    secrets = FakeSecrets(json.dumps({"password": PASSWORD}))
    passwords = DocumentPasswords(secrets, PREFIX)

    passwords.password(ARN, "clinic")
    secrets.answer = json.dumps({"password": "another one"})

    assert passwords.password(ARN, "clinic") == "another one"


@pytest.mark.parametrize(
    ("name", "tenant"),
    [
        ("ocr-platform/passwords/clinic/letter-AbCdEf", "lawyer"),
        ("ocr-platform/passwords/clinic2/letter-AbCdEf", "clinic"),
        ("ocr-platform/database-AbCdEf", "clinic"),
        ("clinic/letter-AbCdEf", "clinic"),
    ],
)
def test_no_other_secret_of_the_workers_is_read_for_a_submitter(name: str, tenant: str) -> None:
    # Otherwise a document that takes its sandbox over would learn what the worker may read
    secrets = FakeSecrets(json.dumps({"password": PASSWORD}))
    arn = f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}"

    with pytest.raises(PasswordUnavailable, match=f"must begin with {PREFIX}{tenant}/"):
        DocumentPasswords(secrets, PREFIX).password(arn, tenant)
    assert secrets.asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal("ResourceNotFoundException"), PasswordUnavailable),
        (refusal("AccessDeniedException"), PasswordUnavailable),
        (refusal("DecryptionFailure"), PasswordUnavailable),
        (refusal("InvalidRequestException"), PasswordUnavailable),
        (refusal("ThrottlingException"), SecretsUnavailable),
        (refusal("InternalServiceError"), SecretsUnavailable),
        (refusal("PreconditionFailed"), SecretsUnavailable),
        (refusal("ExpiredTokenException"), CredentialsRefused),
        (refusal("UnrecognizedClientException"), CredentialsRefused),
        (EndpointConnectionError(endpoint_url="https://secretsmanager.invalid"), SecretsUnavailable),
        (OSError("no route"), SecretsUnavailable),
    ],
)
def test_each_refusal_has_its_code_and_quotes_nothing(answer: Exception, error: type[PlatformError]) -> None:
    secrets = FakeSecrets(answer)

    with pytest.raises(error) as raised:
        DocumentPasswords(secrets, PREFIX).password(ARN, "clinic")

    assert PASSWORD not in raised.value.message
    assert raised.value.message.endswith((".", "secret"))
    assert secrets.closed == 1


@pytest.mark.parametrize(
    "secret",
    ["", "the password itself", "[]", "{}", '{"password": ""}', '{"password": 7}', '{"passwort": "x"}', "null"],
)
def test_secret_of_another_form_is_told_without_quoting_it(secret: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    with pytest.raises(PasswordUnavailable, match="no JSON object with password") as raised:
        DocumentPasswords(FakeSecrets(secret), PREFIX).password(ARN, "clinic")

    assert raised.value.__cause__ is None
    assert "itself" not in str(raised.value) + caplog.text

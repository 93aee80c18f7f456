"""Passwords of documents, read from Secrets Manager as workers do it."""

import json
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import boto3
import pytest

from ocr_platform.errors import PasswordUnavailable, SecretsUnavailable
from ocr_platform.local.aws import keep_password
from ocr_platform.local.service import free_ports
from ocr_platform.runtime import Runtime
from tests.conftest import Servers


@pytest.fixture
def runtime(servers: Servers) -> Iterator[Runtime]:
    with closing(Runtime(servers.settings())) as made:
        yield made


def test_what_the_local_stack_keeps_is_found_by_its_reference(servers: Servers, runtime: Runtime) -> None:
    arn = keep_password(servers.aws, "Grüße 17")

    assert runtime.passwords.password(arn, "default") == "Grüße 17"


def test_secret_that_is_not_there_or_waits_for_its_deletion_is_told(
    servers: Servers, session: boto3.session.Session, runtime: Runtime
) -> None:
    arn = keep_password(servers.aws, "secret")
    with closing(session.client("secretsmanager", endpoint_url=servers.aws.endpoint_url)) as client:
        client.delete_secret(SecretId=arn)

    for gone in (arn, f"{arn[:-6]}aaaaaa"):
        with pytest.raises(PasswordUnavailable):
            runtime.passwords.password(gone, "default")


def test_secret_in_another_region_is_looked_for_there(servers: Servers, runtime: Runtime) -> None:
    with closing(
        boto3.session.Session(servers.aws.access_key, servers.aws.secret_key, region_name="us-west-2").client(
            "secretsmanager", endpoint_url=servers.aws.endpoint_url
        )
    ) as client:
        name = f"ocr-platform/passwords/default/{uuid4()}"
        arn = client.create_secret(Name=name, SecretString=json.dumps({"password": "over there"}))["ARN"]

    assert runtime.passwords.password(arn, "default") == "over there"


def test_secrets_manager_that_does_not_answer_is_a_transient_error(servers: Servers) -> None:
    arn = keep_password(servers.aws, "secret")
    (port,) = free_ports(1)

    settings = servers.settings(AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    with closing(Runtime(settings)) as runtime, pytest.raises(SecretsUnavailable):
        runtime.passwords.password(arn, "default")

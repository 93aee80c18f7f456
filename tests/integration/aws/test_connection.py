"""Credentials come from where the settings say, and a store that does not answer is a typed error."""

import json
import platform
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

import ocr_platform
from ocr_platform.aws.bucket import AllowedKeys
from ocr_platform.aws.s3 import S3Store
from ocr_platform.aws.session import make_session, s3_client
from ocr_platform.errors import PlatformError, StorageUnavailable
from ocr_platform.local.service import free_ports
from tests.conftest import Servers

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SECRET_KEY_ID = "AKIAFROMTHESECRET000"


def make_secret(servers: Servers, session: boto3.session.Session, content: str) -> str:
    """A secret; its ARN."""
    client = session.client("secretsmanager", endpoint_url=servers.aws.endpoint_url)
    arn = client.create_secret(Name=f"test/{uuid4()}", SecretString=content)["ARN"]
    client.close()
    return arn


def signers(client: "S3Client") -> list[str]:
    """Who signs the client's requests from now on: Authorization starts with `… Credential=KEY_ID/…`."""
    seen: list[str] = []

    def note(request: Any, **_: object) -> None:
        header = request.headers["Authorization"]
        text = header.decode() if isinstance(header, bytes) else header
        seen.append(text.partition("Credential=")[2].partition("/")[0])

    client.meta.events.register("before-send.s3", note)
    return seen


def store_with(servers: Servers, client: "S3Client") -> S3Store:
    return S3Store(
        client=client, bucket=servers.aws.bucket, keys=AllowedKeys(servers.aws.kms_key_id), max_source_bytes=1000
    )


def test_requests_are_signed_with_the_keys_of_the_secret(servers: Servers, session: boto3.session.Session) -> None:
    # Given a secret whose keys are not those that may read it
    keys = {"AWS_ACCESS_KEY_ID": SECRET_KEY_ID, "AWS_SECRET_ACCESS_KEY": "s" * 40}
    arn = make_secret(servers, session, json.dumps(keys))
    client = s3_client(servers.settings(AWS_SECRET_ARN=arn))
    seen = signers(client)

    store_with(servers, client).write(f"work/{uuid4()}.json", b"x", "application/json")
    client.close()

    assert seen == [SECRET_KEY_ID]


def test_temporary_keys_of_the_secret_come_with_their_token(servers: Servers, session: boto3.session.Session) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "ASIATEMPORARY0000000", "AWS_SECRET_ACCESS_KEY": "s" * 40, "AWS_SESSION_TOKEN": "t"}
    arn = make_secret(servers, session, json.dumps(keys))

    found = make_session(servers.settings(AWS_SECRET_ARN=arn)).get_credentials()

    assert found is not None
    frozen = found.get_frozen_credentials()
    assert (frozen.access_key, frozen.token) == ("ASIATEMPORARY0000000", "t")


def test_the_secret_is_read_at_the_first_request_and_then_kept(
    servers: Servers, session: boto3.session.Session
) -> None:
    # Given a secret that is changed after the session was made
    keys = {"AWS_ACCESS_KEY_ID": "AKIAOLD", "AWS_SECRET_ACCESS_KEY": "s" * 40}
    arn = make_secret(servers, session, json.dumps(keys))
    client = s3_client(servers.settings(AWS_SECRET_ARN=arn))
    manager = session.client("secretsmanager", endpoint_url=servers.aws.endpoint_url)
    seen = signers(client)

    manager.put_secret_value(SecretId=arn, SecretString=json.dumps(keys | {"AWS_ACCESS_KEY_ID": "AKIANEW"}))
    client.list_buckets()
    manager.put_secret_value(SecretId=arn, SecretString=json.dumps(keys | {"AWS_ACCESS_KEY_ID": "AKIANEWER"}))
    client.list_buckets()
    client.close()
    manager.close()

    assert seen == ["AKIANEW", "AKIANEW"]


@pytest.mark.parametrize("content", ["not JSON", "[]", '{"AWS_ACCESS_KEY_ID": "AKIA"}'])
def test_a_secret_without_keys_is_a_typed_error_that_does_not_quote_it(
    content: str, servers: Servers, session: boto3.session.Session
) -> None:
    client = s3_client(servers.settings(AWS_SECRET_ARN=make_secret(servers, session, content)))

    with pytest.raises(PlatformError) as caught:
        store_with(servers, client).describe(servers.aws.bucket, "uploads/a")
    client.close()

    assert content not in str(caught.value)


def test_a_secret_that_is_not_there_is_a_typed_error(servers: Servers) -> None:
    arn = f"arn:aws:secretsmanager:{servers.aws.region}:123456789012:secret:nothing-abcdef"
    client = s3_client(servers.settings(AWS_SECRET_ARN=arn))

    with pytest.raises(PlatformError):
        store_with(servers, client).describe(servers.aws.bucket, "uploads/a")
    client.close()


def test_a_store_that_nobody_serves_is_unavailable_within_seconds(servers: Servers) -> None:
    (port,) = free_ports(1)
    client = s3_client(servers.settings(AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}"))
    started = time.monotonic()

    with pytest.raises(StorageUnavailable):
        store_with(servers, client).describe(servers.aws.bucket, "uploads/a")
    client.close()

    assert time.monotonic() - started < 20


def test_something_that_is_no_store_is_unavailable(servers: Servers) -> None:
    # Given an address that answers, and not as S3 does
    settings = servers.settings(AWS_ENDPOINT_URL=f"http://127.0.0.1:{servers.redis_port}")
    client = make_session(settings).client(
        "s3", endpoint_url=settings.aws_endpoint_url, config=Config(retries={"max_attempts": 0}, read_timeout=2)
    )

    with pytest.raises(StorageUnavailable):
        store_with(servers, client).describe(servers.aws.bucket, "uploads/a")
    client.close()


def test_requests_say_who_asks_and_not_on_what_machine(servers: Servers) -> None:
    client = s3_client(servers.settings())
    said: list[bytes] = []
    client.meta.events.register("before-send.s3", lambda request, **_: said.append(request.headers["User-Agent"]))

    store_with(servers, client).write(f"work/{uuid4()}.json", b"x", "application/json")
    client.close()

    (name,) = said
    assert name.decode().split()[0] == f"ocr_platform/{ocr_platform.__version__}"
    assert platform.system() not in name.decode()
    assert platform.python_version() not in name.decode()

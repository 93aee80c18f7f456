"""Clients whose keys are refused in the middle of work, before servers that ask for good ones."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from uuid import uuid4

import boto3
import pytest

from ocr_platform.aws.bucket import AllowedKeys
from ocr_platform.aws.s3 import S3Store
from ocr_platform.aws.session import make_client, make_session, s3_client
from ocr_platform.errors import CredentialsRefused
from tests.conftest import REGION, Servers
from tests.credentials.gate import AwsGate
from tests.credentials.roles import ROLE_ARN


class Secret:
    """A secret with keys that the gate accepts; `rotate` puts others in and revokes those that were in it."""

    def __init__(self, gate: AwsGate, servers: Servers, region: str, more: dict[str, str]) -> None:
        self._gate, self._more, aws = gate, more, servers.aws
        session = boto3.session.Session(aws.access_key, aws.secret_key, region_name=region)
        self._client = session.client("secretsmanager", endpoint_url=aws.endpoint_url)
        self.arn = self._client.create_secret(Name=f"renewal/{uuid4()}", SecretString=self._content())["ARN"]

    def _content(self) -> str:
        self.key, secret = f"AKIA{secrets.token_hex(8).upper()}", secrets.token_hex(20)
        self._gate.issue(self.key, secret)
        return json.dumps({"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": secret} | self._more)

    def rotate(self) -> None:
        old = self.key
        self._client.put_secret_value(SecretId=self.arn, SecretString=self._content())
        self._gate.revoke(old)

    def close(self) -> None:
        self._client.close()


MakeStore = Callable[..., tuple[S3Store, Secret]]


@pytest.fixture
def make_store(servers: Servers, gate: AwsGate) -> Iterator[MakeStore]:
    """A store whose keys come from a secret, with the secret."""
    with ExitStack() as opened:

        def make(region: str = REGION, **more: str) -> tuple[S3Store, Secret]:
            secret = opened.enter_context(closing(Secret(gate, servers, region, more)))
            settings = servers.settings(AWS_ENDPOINT_URL=gate.url, AWS_SECRET_ARN=secret.arn)
            client = opened.enter_context(closing(s3_client(settings)))
            bucket, key = servers.aws.bucket, servers.aws.kms_key_id
            return S3Store(client=client, bucket=bucket, keys=AllowedKeys(key), max_source_bytes=1000), secret

        yield make


def _key() -> str:
    return f"work/{uuid4()}.json"


def test_a_request_with_a_revoked_key_is_sent_again_with_the_new_one(make_store: MakeStore, gate: AwsGate) -> None:
    store, secret = make_store()
    stored = store.write(_key(), b"first", "application/json")

    for _ in range(2):
        time.sleep(1.1)  # a source is asked once a second
        secret.rotate()
        assert store.read(stored) == b"first"
        store.write(_key(), b"next", "application/json")

    assert gate.count(service="s3", outcome="InvalidAccessKeyId") == 2
    assert gate.count(service="s3", access_key=secret.key, outcome="OK") == 2


def test_a_head_without_a_code_is_sent_again_too(make_store: MakeStore, servers: Servers) -> None:
    store, secret = make_store()
    key = f"uploads/{uuid4()}"
    put = store.client.put_object(
        Bucket=store.bucket,
        Key=key,
        Body=b"x",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=store.keys.own,
        BucketKeyEnabled=True,
    )

    secret.rotate()

    assert store.describe(store.bucket, key).version_id == put["VersionId"]


def test_a_body_that_was_sent_already_is_sent_whole_again(make_store: MakeStore) -> None:
    store, secret = make_store()
    store.write(_key(), b"", "application/json")
    body = secrets.token_bytes(200_000)

    secret.rotate()

    assert store.read(store.write(_key(), body, "application/json")) == body


def test_kms_is_asked_again_too(servers: Servers, gate: AwsGate, make_store: MakeStore) -> None:
    _, secret = make_store()
    settings = servers.settings(AWS_ENDPOINT_URL=gate.url, AWS_SECRET_ARN=secret.arn)
    with closing(make_client(make_session(settings), "kms", settings)) as kms:
        kms.describe_key(KeyId=settings.kms_key_id)

        secret.rotate()

        kms.describe_key(KeyId=settings.kms_key_id)
    assert gate.count(service="kms", outcome="UnrecognizedClientException") == 1


def test_keys_that_stay_revoked_are_a_fault_that_may_pass_and_no_stream_of_requests(
    make_store: MakeStore, gate: AwsGate
) -> None:
    store, secret = make_store()
    stored = store.write(_key(), b"x", "application/json")
    before = gate.count(operation="GetSecretValue")
    gate.revoke(secret.key)

    for _ in range(50):
        with pytest.raises(CredentialsRefused):
            store.read(stored)

    # The first refusal asks, and the next not before a second is over; each request is sent once.
    assert gate.count(operation="GetSecretValue") - before <= 2
    assert gate.count(service="s3", outcome="InvalidAccessKeyId") <= 52


def test_the_role_that_a_secret_names_is_taken_on_and_renewed(make_store: MakeStore, gate: AwsGate) -> None:
    # Given a role whose keys are revoked before their time
    store, secret = make_store(AWS_ROLE_ARN=ROLE_ARN)
    stored = store.write(_key(), b"x", "application/json")
    (first,) = {seen.access_key for seen in gate.seen if seen.service == "s3"}

    gate.revoke(str(first))

    assert store.read(stored) == b"x"
    assert str(first).startswith("ASIA")
    assert first != secret.key
    assert gate.count(service="sts", operation="AssumeRole", access_key=secret.key) == 2


def test_a_secret_may_lie_in_another_region(make_store: MakeStore) -> None:
    store, secret = make_store(region="us-east-1")

    store.write(_key(), b"x", "application/json")

    assert ":us-east-1:" in secret.arn

"""Keys of a role that is assumed through the gate, and services that are gone for a while."""

import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.conftest import Servers
from tests.credentials.aws import client
from tests.credentials.gate import AwsGate

ROLE = "arn:aws:iam::123456789012:role/ocr-worker"


@pytest.fixture
def sts(gate: AwsGate, servers: Servers, opened: ExitStack) -> Any:
    return client("sts", gate.url, opened, servers.aws.access_key, servers.aws.secret_key)


@pytest.fixture
def secrets_manager(gate: AwsGate, servers: Servers, opened: ExitStack) -> Any:
    return client("secretsmanager", gate.url, opened, servers.aws.access_key, servers.aws.secret_key)


def assumed(sts: Any) -> dict[str, Any]:
    credentials: dict[str, Any] = sts.assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    return credentials


def as_role(service: str, gate: AwsGate, credentials: dict[str, Any], opened: ExitStack) -> Any:
    keys = (credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    return client(service, gate.url, opened, *keys)


def test_keys_of_a_role_work_until_they_expire(gate: AwsGate, sts: Any, servers: Servers, opened: ExitStack) -> None:
    gate.role_seconds = 3.0
    began = datetime.now(UTC)
    credentials = assumed(sts)
    answered = datetime.now(UTC)
    s3 = as_role("s3", gate, credentials, opened)

    s3.list_objects_v2(Bucket=servers.aws.bucket, MaxKeys=1)
    time.sleep(3.05)
    with pytest.raises(ClientError, match="ExpiredToken"):
        s3.list_objects_v2(Bucket=servers.aws.bucket, MaxKeys=1)

    assert began < credentials["Expiration"] <= answered + timedelta(seconds=3)
    key = gate.keys.get(credentials["AccessKeyId"])
    assert key is not None
    assert key.expires is not None
    assert timedelta(0) <= key.expires - credentials["Expiration"] < timedelta(seconds=1)


def test_a_role_lives_as_long_as_the_emulator_says(gate: AwsGate, sts: Any, servers: Servers) -> None:
    credentials = assumed(sts)
    key = gate.keys.get(credentials["AccessKeyId"])

    assert key is not None
    assert key.expires == credentials["Expiration"]
    assert credentials["Expiration"] > datetime.now(UTC) + timedelta(minutes=10)


def test_each_assumed_role_has_keys_of_its_own(gate: AwsGate, sts: Any, opened: ExitStack) -> None:
    first, second = assumed(sts), assumed(sts)
    gate.revoke(first["AccessKeyId"])

    as_role("sts", gate, second, opened).get_caller_identity()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        as_role("sts", gate, first, opened).get_caller_identity()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):  # keys of a role without their token
        as_role("sts", gate, second | {"SessionToken": None}, opened).get_caller_identity()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        as_role("sts", gate, second | {"SessionToken": first["SessionToken"]}, opened).get_caller_identity()


def test_the_role_of_a_web_identity_is_asked_for_unsigned(gate: AwsGate, opened: ExitStack) -> None:
    sts = client("sts", gate.url, opened, "nobody", "nothing")
    answer = sts.assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="test", WebIdentityToken="proof")

    as_role("sts", gate, answer["Credentials"], opened).get_caller_identity()


def test_a_service_is_cut_off(gate: AwsGate, servers: Servers, sts: Any, secrets_manager: Any) -> None:
    secret = servers.aws.secret_arn
    secrets_manager.get_secret_value(SecretId=secret)

    with gate.outage("secretsmanager"):
        with pytest.raises(ConnectionClosedError):
            secrets_manager.get_secret_value(SecretId=secret)
        sts.get_caller_identity()
    secrets_manager.get_secret_value(SecretId=secret)

    assert gate.counts["secretsmanager", "GetSecretValue", "cut"] == 1
    assert gate.counts["secretsmanager", "GetSecretValue", "OK"] == 2


def test_a_service_answers_with_its_failure(
    gate: AwsGate, servers: Servers, sts: Any, secrets_manager: Any, opened: ExitStack
) -> None:
    s3 = client("s3", gate.url, opened, servers.aws.access_key, servers.aws.secret_key)
    for service in ("secretsmanager", "sts", "s3"):
        gate.begin_outage(service, "error")

    with pytest.raises(ClientError, match="InternalServiceError"):
        secrets_manager.get_secret_value(SecretId=servers.aws.secret_arn)
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        sts.get_caller_identity()
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        s3.list_objects_v2(Bucket=servers.aws.bucket)
    gate.end_outage("sts")
    sts.get_caller_identity()


def test_keys_change_under_load(gate: AwsGate, sts: Any, servers: Servers, opened: ExitStack) -> None:
    # Given four threads with one role each, of which two are revoked
    roles = [assumed(sts) for _ in range(4)]
    clients = [as_role("kms", gate, role, opened) for role in roles]
    outcomes: list[list[str]] = [[] for _ in clients]

    def work(number: int) -> None:
        for _ in range(20):
            try:
                clients[number].generate_data_key(KeyId=servers.aws.kms_key_id, KeySpec="AES_256")
                outcomes[number].append("OK")
            except ClientError as error:
                outcomes[number].append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    while gate.count("kms") < 8:
        time.sleep(0.001)
    for role in roles[:2]:
        gate.revoke(role["AccessKeyId"])
    for thread in threads:
        thread.join()

    assert outcomes[2:] == [["OK"] * 20] * 2
    for revoked in outcomes[:2]:
        assert revoked[-1] == "UnrecognizedClientException"
        assert revoked == sorted(revoked)  # "OK" is before "U…": once refused, never served again
    assert gate.count("kms") == 80

"""The gate before the emulator: good credentials pass, others are refused in the words of the service."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Servers
from tests.credentials.aws import client
from tests.credentials.gate import AwsGate
from tests.credentials.keys import Key

BODY = random.Random(0).randbytes(3_000_000)
SERVICES = ("s3", "kms", "secretsmanager", "sts")

Call = Callable[[Any], object]


@pytest.fixture
def role(gate: AwsGate) -> Key:
    """Keys with a token, as a role has them."""
    key = Key("ASIAROLE", "secret+of/role", "token==", datetime.now(UTC) + timedelta(minutes=5))
    gate.keys.issue(key)
    return key


def calls(servers: Servers) -> dict[str, Call]:
    """Something harmless of each service."""
    return {
        "s3": lambda made: made.list_objects_v2(Bucket=servers.aws.bucket, MaxKeys=1),
        "kms": lambda made: made.generate_data_key(KeyId=servers.aws.kms_key_id, KeySpec="AES_256"),
        "secretsmanager": lambda made: made.get_secret_value(SecretId=servers.aws.secret_arn),
        "sts": lambda made: made.get_caller_identity(),
    }


def refusals(gate: AwsGate, servers: Servers, key: Key) -> list[tuple[str, int]]:
    """Code and status of each service's refusal of this key."""
    refused = []
    with ExitStack() as opened:
        for service in SERVICES:
            made = client(service, gate.url, opened, key.access_key, key.secret_key, key.token)
            with pytest.raises(ClientError) as error:
                calls(servers)[service](made)
            answer = error.value.response
            refused.append((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]))
    return refused


def test_objects_pass_as_they_are(gate: AwsGate, servers: Servers, role: Key, opened: ExitStack) -> None:
    # Given names and contents that are encoded in paths and queries, and a body sent after "Expect: 100-continue"
    bucket, prefix = servers.aws.bucket, "gate/ä b+c=d&e%2F(1)~*'!:@,;$"
    s3 = client("s3", gate.url, opened, role.access_key, role.secret_key, role.token)

    s3.put_object(Bucket=bucket, Key=f"{prefix}//x", Body=BODY, Metadata={"note": "two  blanks"})
    got = s3.get_object(Bucket=bucket, Key=f"{prefix}//x")
    part = s3.get_object(Bucket=bucket, Key=f"{prefix}//x", Range="bytes=5-9")
    head = s3.head_object(Bucket=bucket, Key=f"{prefix}//x")
    listed = s3.list_object_versions(Bucket=bucket, Prefix=prefix)["Versions"]
    doomed = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in listed]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})

    assert got["Body"].read() == BODY
    assert part["Body"].read() == BODY[5:10]
    assert head["ContentLength"] == len(BODY)
    assert head["ServerSideEncryption"] == "aws:kms"
    assert [each["Key"] for each in listed] == [f"{prefix}//x"]
    assert "Versions" not in s3.list_object_versions(Bucket=bucket, Prefix=prefix)
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=bucket, Key=f"{prefix}//x")
    assert gate.count("s3", outcome="HTTP 404") == 1
    assert gate.count("s3", access_key=role.access_key) == len(gate.seen) == 8


def test_every_service_takes_good_keys(gate: AwsGate, servers: Servers, role: Key, opened: ExitStack) -> None:
    for service in SERVICES:
        made = client(service, gate.url, opened, role.access_key, role.secret_key, role.token)
        for _ in range(2):
            calls(servers)[service](made)

    assert gate.counts == {
        ("s3", "GET", "OK"): 2,
        ("kms", "GenerateDataKey", "OK"): 2,
        ("secretsmanager", "GetSecretValue", "OK"): 2,
        ("sts", "GetCallerIdentity", "OK"): 2,
    }


def test_a_connection_is_used_again(gate: AwsGate, servers: Servers, opened: ExitStack) -> None:
    kms = client("kms", gate.url, opened, servers.aws.access_key, servers.aws.secret_key)
    calls(servers)["kms"](kms)
    gate.revoke(servers.aws.access_key)
    for _ in range(2):
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            calls(servers)["kms"](kms)

    assert gate.close_connections() == 1


@pytest.mark.parametrize("access_key", ["ASIAROLE", "AKIAUNKNOWN"])
def test_unknown_and_revoked_keys(gate: AwsGate, servers: Servers, role: Key, access_key: str) -> None:
    gate.revoke(role.access_key)

    assert refusals(gate, servers, replace(role, access_key=access_key)) == [
        ("InvalidAccessKeyId", 403),
        ("UnrecognizedClientException", 400),
        ("UnrecognizedClientException", 400),
        ("InvalidClientTokenId", 403),
    ]


def test_a_wrong_secret(gate: AwsGate, servers: Servers, role: Key) -> None:
    assert refusals(gate, servers, replace(role, secret_key="another")) == [
        ("SignatureDoesNotMatch", 403),
        ("InvalidSignatureException", 400),
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
    ]


def test_an_expired_token(gate: AwsGate, servers: Servers, role: Key) -> None:
    gate.keys.issue(replace(role, expires=datetime.now(UTC)))

    assert refusals(gate, servers, role) == [
        ("ExpiredToken", 400),
        ("ExpiredTokenException", 400),
        ("ExpiredTokenException", 400),
        ("ExpiredToken", 403),
    ]
    assert gate.count(outcome="ExpiredToken") == gate.count(outcome="ExpiredTokenException") == 2


def test_a_wrong_token(gate: AwsGate, servers: Servers, role: Key) -> None:
    assert refusals(gate, servers, replace(role, token="of somebody else")) == [
        ("InvalidToken", 400),
        ("UnrecognizedClientException", 400),
        ("UnrecognizedClientException", 400),
        ("InvalidClientTokenId", 403),
    ]


def test_access_is_denied_to_one_key_or_to_all(gate: AwsGate, servers: Servers, role: Key, opened: ExitStack) -> None:
    own = client("kms", gate.url, opened, servers.aws.access_key, servers.aws.secret_key)
    for service in SERVICES:
        gate.deny(service, role.access_key)

    assert refusals(gate, servers, role) == [
        ("AccessDenied", 403),
        ("AccessDeniedException", 400),
        ("AccessDeniedException", 400),
        ("AccessDenied", 403),
    ]
    calls(servers)["kms"](own)
    gate.deny("kms")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        calls(servers)["kms"](own)
    gate.allow("kms")
    calls(servers)["kms"](own)


def test_head_is_refused_without_a_body(gate: AwsGate, servers: Servers, role: Key, opened: ExitStack) -> None:
    s3 = client("s3", gate.url, opened, role.access_key, "wrong", role.token)

    for _ in range(2):  # a body would be taken for the second answer
        with pytest.raises(ClientError) as refused:
            s3.head_object(Bucket=servers.aws.bucket, Key="x")
        assert refused.value.response["Error"] == {"Code": "403", "Message": "Forbidden"}
    assert gate.counts == {("s3", "HEAD", "SignatureDoesNotMatch"): 2}


def test_head_with_an_expired_token(gate: AwsGate, servers: Servers, role: Key, opened: ExitStack) -> None:
    gate.keys.issue(replace(role, expires=datetime.now(UTC)))
    s3 = client("s3", gate.url, opened, role.access_key, role.secret_key, role.token)

    with pytest.raises(ClientError) as refused:
        s3.head_object(Bucket=servers.aws.bucket, Key="x")

    # No more than the status is told, and botocore takes that for a wrong region: it asks for the bucket's as well
    assert refused.value.response["Error"] == {"Code": "400", "Message": "Bad Request"}
    assert gate.counts == {("s3", "HEAD", "ExpiredToken"): 2}

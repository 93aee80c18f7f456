"""What a signature covers: nothing of a request can be changed after it was signed."""

from contextlib import ExitStack, closing
from dataclasses import replace
from http.client import HTTPConnection

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.conftest import Servers
from tests.credentials.aws import client
from tests.credentials.gate import AwsGate
from tests.credentials.listening import HOST
from tests.credentials.signing import Sent

FORM = b"Action=GetCallerIdentity&Version=2011-06-15"
STS = Sent("POST", "/", FORM, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})


@pytest.fixture
def own(servers: Servers) -> Credentials:
    return Credentials(servers.aws.access_key, servers.aws.secret_key)


def test_a_query_and_a_body_as_they_were_signed(gate: AwsGate, servers: Servers, own: Credentials) -> None:
    asked = Sent("GET", f"/{servers.aws.bucket}?prefix=a%20b%2Fc&list-type=2&delimiter=")

    assert asked.send(gate.port, asked.signed("s3", gate.port, own))[0] == 200
    assert STS.send(gate.port, STS.signed("sts", gate.port, own))[0] == 200


def test_a_path_is_signed_twice_encoded_but_for_s3(gate: AwsGate, own: Credentials) -> None:
    asked = Sent("GET", "/a%20b/%C3%A4", headers={"X-Amz-Target": "Some.Thing"})

    assert b"InvalidSignature" not in asked.send(gate.port, asked.signed("kms", gate.port, own))[1]
    assert b"InvalidSignature" in asked.send(gate.port, asked.signed("kms", gate.port, own, S3SigV4Auth))[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"target": "/other?list-type=2&prefix=a"},
        {"target": "/ocr-local?list-type=2&prefix=b"},
        {"target": "/ocr-local?list-type=2"},
        {"body": b"x"},
    ],
)
def test_what_is_changed_is_refused(gate: AwsGate, own: Credentials, changed: dict[str, str]) -> None:
    asked = Sent("GET", "/ocr-local?list-type=2&prefix=a")
    headers = asked.signed("s3", gate.port, own)

    status, body = replace(asked, **changed).send(gate.port, headers)  # type: ignore[arg-type]

    assert (status, b"<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
    assert asked.send(gate.port, headers)[0] == 200


@pytest.mark.parametrize("name", ["X-Amz-Date", "X-Amz-Meta-Note", "Host"])
def test_a_changed_header_is_refused(gate: AwsGate, own: Credentials, name: str) -> None:
    asked = Sent("GET", "/ocr-local?list-type=2", headers={"X-Amz-Meta-Note": "a"})
    headers = asked.signed("s3", gate.port, own)

    assert asked.send(gate.port, headers)[0] == 200
    assert asked.send(gate.port, headers | {name: "20200101T000000Z"})[0] == 403


def test_a_signature_without_the_host_is_refused(gate: AwsGate, own: Credentials) -> None:
    asked = Sent("GET", "/ocr-local?list-type=2")
    headers = asked.signed("s3", gate.port, own)
    headers["Authorization"] = headers["Authorization"].replace("SignedHeaders=host;", "SignedHeaders=")

    assert asked.send(gate.port, headers)[0] == 403


class _InChunks(S3SigV4Auth):
    def payload(self, request: AWSRequest) -> str:  # noqa: ARG002  the base class's signature
        return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def test_a_body_in_chunks_passes(gate: AwsGate, servers: Servers, own: Credentials, opened: ExitStack) -> None:
    # Given a body as botocore sends one whose length it cannot know: chunks of HTTP around chunks of S3
    s3 = client("s3", gate.url, opened, servers.aws.access_key, servers.aws.secret_key)
    headers = {
        "Transfer-Encoding": "chunked",
        "Content-Encoding": "aws-chunked",
        "X-Amz-Decoded-Content-Length": "5",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
    }
    sent = Sent("PUT", f"/{servers.aws.bucket}/gate/chunks", headers=headers)
    signed = sent.signed("s3", gate.port, own, _InChunks)
    parts = [b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\nx-amz-checksum-crc32:hYTRig==\r\n\r\n"]

    with closing(HTTPConnection(HOST, gate.port)) as connection:
        connection.request("PUT", sent.target, iter(parts), signed, encode_chunked=True)
        assert connection.getresponse().status == 200

    assert s3.get_object(Bucket=servers.aws.bucket, Key="gate/chunks")["Body"].read() == b"abcde"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (Sent("GET", "/ocr-local"), 403, b"<Code>AccessDenied</Code>"),
        (Sent("POST", "/", b"{}", {"X-Amz-Target": "TrentService.Encrypt"}), 400, b"MissingAuthenticationToken"),
        (STS, 403, b"<Code>MissingAuthenticationToken</Code>"),
    ],
)
def test_unsigned(gate: AwsGate, sent: Sent, status: int, code: bytes) -> None:
    answer = sent.send(gate.port, sent.headers)

    assert (answer[0], code in answer[1]) == (status, True)


def test_what_is_the_emulators_own_passes_unsigned(gate: AwsGate) -> None:
    assert Sent("GET", "/moto-api/").send(gate.port, {})[0] == 200
    assert gate.seen == []

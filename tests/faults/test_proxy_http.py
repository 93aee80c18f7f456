"""What the proxy does to requests to S3 and KMS and to their answers."""

import random
import time
from contextlib import ExitStack

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, IncompleteReadError, ResponseStreamingError

from tests.conftest import Servers
from tests.faults.answers import kms_error, s3_error
from tests.faults.plain_clients import client, s3
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Answer, Corrupt, Delay, DropAnswer, DropRequest, Garble, Truncate

BODY = random.Random(0).randbytes(300_000)


def test_s3_answers_slow_down_once_and_then_works(aws: FaultProxy, servers: Servers, opened: ExitStack) -> None:
    # Given a body that botocore sends after "Expect: 100-continue", in several segments
    bucket, plain = servers.aws.bucket, s3(aws, servers, opened)
    rule = aws.on(rb"^PUT /%b/faults/" % bucket.encode(), Answer(s3_error("SlowDown")), times=1)

    with pytest.raises(ClientError) as refused:
        plain.put_object(Bucket=bucket, Key="faults/a", Body=BODY)
    plain.put_object(Bucket=bucket, Key="faults/a", Body=BODY)

    assert (rule.hits, aws.accepted) == (1, 1)  # the connection went on after the refusal
    assert refused.value.response["Error"]["Code"] == "SlowDown"
    assert plain.get_object(Bucket=bucket, Key="faults/a")["Body"].read() == BODY
    assert len(plain.list_object_versions(Bucket=bucket, Prefix="faults/a")["Versions"]) == 1


def test_kms_is_throttled_and_s3_is_not(aws: FaultProxy, servers: Servers, opened: ExitStack) -> None:
    kms = client(aws.port, servers, "kms", opened)
    rule = aws.on(rb"POST / .*TrentService\.Encrypt", Answer(kms_error("ThrottlingException")), times=1)

    s3(aws, servers, opened).list_buckets()
    with pytest.raises(ClientError, match="ThrottlingException"):
        kms.encrypt(KeyId=servers.aws.kms_key_id, Plaintext=b"x")
    kms.encrypt(KeyId=servers.aws.kms_key_id, Plaintext=b"x")

    assert rule.hits == 1


def test_the_answer_to_a_put_is_lost_and_the_object_is_there(
    aws: FaultProxy, servers: Servers, opened: ExitStack
) -> None:
    bucket, plain = servers.aws.bucket, s3(aws, servers, opened)
    aws.on(rb"^PUT .*/faults/lost", DropAnswer(), times=1)

    with pytest.raises(ConnectionClosedError):
        plain.put_object(Bucket=bucket, Key="faults/lost", Body=BODY)

    assert plain.get_object(Bucket=bucket, Key="faults/lost")["Body"].read() == BODY


def test_a_lost_request_is_never_served(aws: FaultProxy, servers: Servers, opened: ExitStack) -> None:
    bucket, plain = servers.aws.bucket, s3(aws, servers, opened)
    aws.on(rb"^PUT .*/faults/never", DropRequest(), times=1)

    with pytest.raises(ConnectionClosedError):
        plain.put_object(Bucket=bucket, Key="faults/never", Body=b"x")

    assert "Versions" not in plain.list_object_versions(Bucket=bucket, Prefix="faults/never")


def test_bytes_of_a_body_are_changed_and_the_head_is_not(aws: FaultProxy, servers: Servers, opened: ExitStack) -> None:
    bucket, plain = servers.aws.bucket, s3(aws, servers, opened)
    plain.put_object(Bucket=bucket, Key="faults/corrupt", Body=BODY)
    aws.on(rb"^GET .*/faults/corrupt", Corrupt(flips=3), times=1)

    answer = plain.get_object(Bucket=bucket, Key="faults/corrupt")
    body = answer["Body"].read()

    assert len(body) == answer["ContentLength"] == len(BODY)
    assert 3 <= sum(a != b for a, b in zip(body, BODY, strict=True)) <= 4


def test_bytes_of_a_request_are_changed_and_its_head_is_not(
    aws: FaultProxy, servers: Servers, opened: ExitStack
) -> None:
    bucket, plain = servers.aws.bucket, s3(aws, servers, opened)
    aws.on(rb"^PUT .*/faults/garbled", Garble(), times=1)

    plain.put_object(Bucket=bucket, Key="faults/garbled", Body=BODY, ContentType="text/x-page")

    stored = plain.get_object(Bucket=bucket, Key="faults/garbled")
    assert stored["ContentType"] == "text/x-page"
    assert stored["ContentLength"] == len(BODY)
    assert stored["Body"].read() != BODY


def test_a_truncated_body_ends_half_way(aws: FaultProxy, servers: Servers, opened: ExitStack) -> None:
    bucket, plain = servers.aws.bucket, s3(aws, servers, opened)
    plain.put_object(Bucket=bucket, Key="faults/half", Body=BODY)
    aws.on(rb"^GET .*/faults/half", Truncate(), times=1)

    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        plain.get_object(Bucket=bucket, Key="faults/half")["Body"].read()

    assert plain.get_object(Bucket=bucket, Key="faults/half")["Body"].read() == BODY


def test_a_delayed_request_comes_later(aws: FaultProxy, servers: Servers, opened: ExitStack) -> None:
    aws.on(rb"^GET /", Delay(0.5), times=1)
    started = time.monotonic()

    s3(aws, servers, opened).list_buckets()

    assert time.monotonic() - started > 0.5

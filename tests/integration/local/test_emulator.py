"""The emulator of S3 holds what is in its buckets, and no more, however often it is asked."""

import secrets
from collections.abc import Iterator

import boto3
import psutil
import pytest

from ocr_platform.local.aws import AwsAccount, prepare_account
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.servers import HOST, aws_service, http_ready
from ocr_platform.local.service import Service, free_ports
from tests.conftest import REGION

MIB = 1024 * 1024
OBJECTS = 40


@pytest.fixture
def emulator() -> Iterator[tuple[Service, AwsAccount]]:
    directory = StackDirectory()
    directory.make("logs")
    (port,) = free_ports(1)
    service = aws_service(directory, port, directory.environment(directory.make("tmp")))
    endpoint = f"http://{HOST}:{port}"
    service.launch()
    try:
        service.wait_until(lambda: http_ready(f"{endpoint}/moto-api/"))
        key_id = "AKIA" + secrets.token_hex(8).upper()
        yield service, prepare_account(endpoint, REGION, key_id, secrets.token_urlsafe(30))
    finally:
        service.ask_to_stop()
        service.finish()
        directory.remove()


def test_each_job_that_ends_asks_for_versions_and_memory_does_not_grow(emulator: tuple[Service, AwsAccount]) -> None:
    # Given a bucket of 40 MiB
    service, account = emulator
    client = boto3.client(
        "s3",
        endpoint_url=account.endpoint_url,
        region_name=REGION,
        aws_access_key_id=account.access_key,
        aws_secret_access_key=account.secret_key,
    )
    for number in range(OBJECTS):
        client.put_object(Bucket=account.bucket, Key=f"results/{number}", Body=bytes(MIB))
    assert service.process is not None
    server = psutil.Process(service.process.pid)
    before = server.memory_info().rss

    # When versions are listed as often as 40 jobs end
    for _ in range(OBJECTS):
        client.list_object_versions(Bucket=account.bucket, Prefix="work/nothing/")
    client.close()

    # Then there is room for a few copies, and not for 40 of them
    assert server.memory_info().rss - before < 8 * OBJECTS * MIB

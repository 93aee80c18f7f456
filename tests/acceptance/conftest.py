"""An application on the shared stack."""

from collections.abc import Iterator

import boto3
import pytest
from mypy_boto3_s3 import S3Client

from ocr_platform import Client
from ocr_platform.local.stack import LocalStack


@pytest.fixture
def client(stack: LocalStack) -> Iterator[Client]:
    made = Client(stack.settings)
    yield made
    made.close()


@pytest.fixture
def s3(stack: LocalStack) -> Iterator[S3Client]:
    """The bucket as anybody with a key sees it: not our own code."""
    session = boto3.session.Session(stack.aws.access_key, stack.aws.secret_key, region_name=stack.aws.region)
    made = session.client("s3", endpoint_url=stack.aws.endpoint_url)
    yield made
    made.close()

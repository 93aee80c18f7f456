"""AWS clients of the tests' own, that try once."""

from contextlib import ExitStack
from typing import Any

import boto3
from botocore.config import Config

from tests.conftest import REGION


def client(
    service: str, url: str, opened: ExitStack, access_key: str, secret_key: str, token: str | None = None
) -> Any:
    """A client with these keys, closed with `opened`."""
    session = boto3.session.Session(access_key, secret_key, token, region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    made = session.client(service, endpoint_url=url, config=config)  # type: ignore[call-overload]
    opened.callback(made.close)
    return made

"""A gate before the emulator for each test."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import Servers
from tests.credentials.gate import AwsGate


@pytest.fixture
def gate(servers: Servers) -> Iterator[AwsGate]:
    """It accepts the account's own long-lived key."""
    with AwsGate(servers.aws.endpoint_url) as opened:
        opened.issue(servers.aws.access_key, servers.aws.secret_key)
        yield opened


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack

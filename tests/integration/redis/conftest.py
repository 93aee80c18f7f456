"""One Redis with TLS for all tests here, empty before each."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import redis

from ocr_platform.local.directory import StackDirectory
from tests.conftest import require_services
from tests.integration.redis.support import SecureRedis, secure_redis


@pytest.fixture(scope="session")
def running() -> Iterator[SecureRedis]:
    require_services()
    with ExitStack() as closing:
        directory = StackDirectory()
        closing.callback(directory.remove)
        yield closing.enter_context(secure_redis(directory))


@pytest.fixture
def secure(running: SecureRedis, admin: redis.Redis) -> SecureRedis:
    """The server, empty, with nothing in its log of refusals."""
    admin.flushall()
    admin.acl_log_reset()
    return running


@pytest.fixture
def admin(running: SecureRedis) -> Iterator[redis.Redis]:
    """Redis as its administrator sees it."""
    with running.connection(running.admin) as connection:
        yield connection


@pytest.fixture
def unrefused(secure: SecureRedis, admin: redis.Redis) -> Iterator[SecureRedis]:
    """The server; at the end nobody was refused anything, not even what nobody noticed."""
    yield secure
    refused = [(entry["username"], entry["reason"], entry["object"]) for entry in admin.acl_log()]
    assert refused == []

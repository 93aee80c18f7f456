"""A database of its own for every test that asks for one, on the shared server; Redis and the bucket are shared."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
import redis
from sqlalchemy import URL, Engine, create_engine

from ocr_platform.db.claims import ClaimTerms
from ocr_platform.db.engine import make_engine
from ocr_platform.db.migrate import migrate
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.repository import JobRepository
from ocr_platform.local.servers import HOST
from tests.conftest import Servers

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def database(servers: Servers) -> Servers:
    """A new, empty database."""
    return servers.with_database()


@pytest.fixture
def empty_engine(database: Servers) -> Iterator[Engine]:
    engine = make_engine(database.settings())
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty_engine: Engine) -> Engine:
    """An engine on a database with the newest schema."""
    migrate(empty_engine)
    return empty_engine


def _url(engine: Engine, database: Servers) -> URL:
    """The database with its login, which the platform's own URL does not have."""
    login = database.database_login
    return engine.url.set(username=login.user, password=login.password)


@pytest.fixture
def crowd(engine: Engine, database: Servers) -> Iterator[Engine]:
    """The same database for twenty threads at once: the platform's own engine has fewer connections."""
    made = create_engine(_url(engine, database), isolation_level="AUTOCOMMIT", pool_size=20, max_overflow=0)
    yield made
    made.dispose()


@pytest.fixture
def plain_engine(engine: Engine, database: Servers) -> Iterator[Engine]:
    """The same database as an application reaches it, whose transactions are its own."""
    made = create_engine(_url(engine, database))
    yield made
    made.dispose()


@pytest.fixture
def terms() -> ClaimTerms:
    return ClaimTerms()


@pytest.fixture
def repository(engine: Engine, terms: ClaimTerms) -> JobRepository:
    return JobRepository(engine, terms)


@pytest.fixture
def log(engine: Engine, terms: ClaimTerms) -> ReaperLog:
    return ReaperLog(engine, terms)


@pytest.fixture
def broker(servers: Servers) -> Iterator[redis.Redis]:
    """Redis as its administrator sees it, empty before and after."""
    login = servers.redis_admin
    with redis.Redis(
        HOST, servers.redis_port, username=login.user, password=login.password, decode_responses=True
    ) as connection:
        connection.flushall()
        yield connection
        connection.flushall()


@pytest.fixture
def session(servers: Servers) -> boto3.session.Session:
    """An AWS session of the test's own, with no setting of the platform."""
    account = servers.aws
    return boto3.session.Session(account.access_key, account.secret_key, region_name=account.region)


@pytest.fixture
def plain(servers: Servers, session: boto3.session.Session) -> Iterator["S3Client"]:
    """The bucket as anybody with a key sees it."""
    client = session.client("s3", endpoint_url=servers.aws.endpoint_url)
    yield client
    client.close()

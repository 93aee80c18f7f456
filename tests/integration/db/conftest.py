"""A database of its own for every test, on the shared server."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from ocr_platform.db.engine import make_engine
from ocr_platform.db.migrate import migrate
from ocr_platform.db.repository import JobRepository
from tests.conftest import Servers


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


@pytest.fixture
def repository(engine: Engine) -> JobRepository:
    return JobRepository(engine)

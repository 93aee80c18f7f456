"""An application on the shared servers: a client, a document in the bucket, a database with a table of its own."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ocr_platform import Client
from tests.conftest import Servers
from tests.integration.submission.support import Application


@pytest.fixture
def client(database: Servers) -> Iterator[Client]:
    made = Client(database.settings())
    yield made
    made.close()


@pytest.fixture
def source(client: Client) -> str:
    """The URL of a document; nobody will read it."""
    return client.upload(BytesIO(b"a document"))


@pytest.fixture
def app_engine(plain_engine: Engine) -> Engine:
    """The platform's database with the application's table in it."""
    Application.metadata.create_all(plain_engine)
    return plain_engine


@pytest.fixture
def own(app_engine: Engine) -> Iterator[Session]:
    """The application's session."""
    with Session(app_engine) as made:
        yield made

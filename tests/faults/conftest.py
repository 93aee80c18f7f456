"""Proxies before the shared servers, fleets, rounds and chance."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from ocr_platform.models import EngineName
from tests.conftest import Servers
from tests.faults.documents import Document, Undisturbed, undisturbed, write_document
from tests.faults.fault_table import FAULT, Row
from tests.faults.fleet import Fleet
from tests.faults.http_wire import HttpWire
from tests.faults.installation import Installation, Shared
from tests.faults.postgres_wire import PostgresWire
from tests.faults.proxy import FaultProxy
from tests.faults.redis_wire import RedisWire
from tests.faults.strict import Strict, require_emulators, strict_servers

NEXT = pytest.StashKey[pytest.Item | None]()


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def aws(opened: ExitStack, servers: Servers) -> FaultProxy:
    port = int(servers.aws.endpoint_url.rpartition(":")[2])
    return opened.enter_context(FaultProxy(port, HttpWire))


@pytest.fixture
def database(opened: ExitStack, servers: Servers) -> FaultProxy:
    return opened.enter_context(FaultProxy(servers.database_port, PostgresWire))


@pytest.fixture
def broker(opened: ExitStack, servers: Servers) -> FaultProxy:
    return opened.enter_context(FaultProxy(servers.redis_port, RedisWire))


@pytest.fixture
def rng(seed: int) -> random.Random:
    return random.Random(seed)


@pytest.fixture
def make_fleet(servers: Servers, rng: random.Random) -> Iterator[Callable[..., Fleet]]:
    """`make_fleet(…)` starts a fleet with these arguments of `Fleet`; all end with the test."""
    with ExitStack() as stack:

        def make(**options: Any) -> Fleet:
            return stack.enter_context(Fleet(servers, rng=rng, **options))

        yield make


@pytest.fixture
def fleet(make_fleet: Callable[..., Fleet]) -> Fleet:
    """A fleet on the shared Postgres and AWS."""
    return make_fleet()


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """A document of one page."""
    return write_document(tmp_path_factory.mktemp("documents") / "page.png")


@pytest.fixture(scope="session")
def long_document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """A document of twelve pages."""
    return write_document(tmp_path_factory.mktemp("documents") / "long.tif", pages=12, seed=1)


@pytest.fixture(scope="session")
def undisturbed_of(servers: Servers) -> Callable[..., Undisturbed]:
    """What an undisturbed run gives for a document, with the same engine; each is recognised once a session."""
    known: dict[tuple[Path, str], Undisturbed] = {}

    def find(document: Document, engine: str = EngineName.AUTO) -> Undisturbed:
        key = (document.path, engine)
        if key not in known:
            known[key] = undisturbed(document, servers.settings(OCR_ENGINE=engine))
        return known[key]

    return find


@pytest.fixture(scope="session")
def shared(servers: Servers) -> Iterator[Shared]:
    """The installation that tests share which come one after the other."""
    shared = Shared(servers)
    yield shared
    shared.close()


@pytest.fixture
def installation(shared: Shared, rng: random.Random, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Two workers and a beat behind proxies, which no earlier test has left in disorder.

    They are ended after the last of a row of tests that use them; then nothing may be left of them.
    """
    yield shared.installation(rng)
    if not _next_uses("installation", request.node):
        shared.end()


@pytest.fixture(scope="session")
def strict(servers: Servers) -> Iterator[Strict]:
    """AWS servers that refuse what AWS refuses, beside the shared Redis and Postgres."""
    require_emulators()
    with strict_servers(servers) as started:
        yield started


@pytest.fixture(scope="session")
def strict_shared(strict: Strict) -> Iterator[Shared]:
    """The installation on the strict servers."""
    shared = Shared(strict.servers)
    yield shared
    shared.close()


@pytest.fixture
def strict_installation(
    strict_shared: Shared, strict: Strict, rng: random.Random, request: pytest.FixtureRequest
) -> Iterator[Installation]:
    """As `installation`, on the strict servers, whose keys and policies are in order again after each test."""
    yield strict_shared.installation(rng)
    strict.put_in_order()
    if not _next_uses("strict_installation", request.node):
        strict_shared.end()


def _next_uses(fixture: str, item: pytest.Item) -> bool:
    """Whether the test that this process runs next asks for it, too."""
    return fixture in getattr(item.stash.get(NEXT, None), "fixturenames", ())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    item.stash[NEXT] = nextitem


@pytest.fixture
def record_fault(request: pytest.FixtureRequest) -> Callable[[Row], None]:
    """Keeps a row for the end of the run: with the test's report, which may come from another process."""
    return lambda row: request.node.user_properties.append((FAULT, astuple(row)))

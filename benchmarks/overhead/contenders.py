"""The two kinds of worker that are compared, behind one interface."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

import psycopg2
from celery import Celery

from benchmarks.overhead.bare import bare_chain, make_bare_app
from benchmarks.overhead.null import null_client
from benchmarks.servers import Servers
from ocr_platform.broker import make_app
from ocr_platform.client import Client
from ocr_platform.local.servers import HOST
from ocr_platform.local.service import Service


@dataclass(frozen=True, slots=True)
class Contender:
    """A worker that runs: its process, an application that knows its queues, and how a document gets into them."""

    service: Service
    app: Celery
    submit: Callable[[], None]
    verify: Callable[[int], None]


class Entry(Protocol):
    """A kind of worker. `share` of the documents makes a round: what is slower gets fewer."""

    @property
    def name(self) -> str:
        """As the table shows it."""
        ...

    @property
    def share(self) -> float:
        """Of the documents of a round."""
        ...

    def started(self, servers: Servers, concurrency: int) -> AbstractContextManager[Contender]:
        """Start a worker of this kind; it ends with the context."""
        ...


@dataclass(frozen=True, slots=True)
class BareChain:
    """Four empty tasks as a Celery chain."""

    name: str
    events: bool
    share: float = 1.0

    @contextmanager
    def started(self, servers: Servers, concurrency: int) -> Iterator[Contender]:
        """Start its worker."""
        arguments = [f"--concurrency={concurrency}", *(["--events"] if self.events else [])]
        app = make_bare_app(servers.settings, events=self.events)
        with servers.program("benchmarks.overhead.bare", *arguments) as service:
            yield Contender(service, app, lambda: _start_chain(app), lambda _count: None)
        app.close()


@dataclass(frozen=True, slots=True)
class Platform:
    """The platform, with one of `null.ENGINES`."""

    name: str
    engine: str
    share: float = 1.0

    @contextmanager
    def started(self, servers: Servers, concurrency: int) -> Iterator[Contender]:
        """Start its worker on a database of its own."""
        made = servers.with_database().with_environment(OCR_TEMP_DIR=str(servers.scratch))
        with (
            null_client() if self.engine == "null" else nullcontext(),
            made.program("benchmarks.overhead.worker", self.engine, f"--concurrency={concurrency}") as service,
        ):
            client, app = Client(made.settings), make_app(made.settings)
            source = client.upload(io.BytesIO(b"%PDF-1.7 null"))
            yield Contender(service, app, lambda: _submit(client, source), lambda count: require_ended(made, count))
            client.close()
            app.close()


def _start_chain(app: Celery) -> None:
    bare_chain(app, str(uuid4())).apply_async()


def _submit(client: Client, source: str) -> None:
    client.submit(source)


def require_ended(servers: Servers, count: int) -> None:
    """Raise unless exactly `count` documents succeeded: a fast worker that loses documents is no fast worker."""
    login = servers.database_login
    connection = psycopg2.connect(
        host=HOST, port=servers.database_port, user=login.user, password=login.password, dbname=servers.database
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT state, count(*) FROM jobs GROUP BY state")
            found = dict(cursor.fetchall())
    finally:
        connection.close()
    if found != {"succeeded": count}:
        raise RuntimeError(f"{count} documents were to succeed; there are {found}")

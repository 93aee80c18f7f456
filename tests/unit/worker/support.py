"""A worker's services over the fakes, and its queues in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from celery import Celery

from ocr_platform.db.claims import ClaimTerms
from ocr_platform.errors import PlatformError
from ocr_platform.sealing import Sealer
from ocr_platform.settings import Settings
from ocr_platform.steps import Pace
from ocr_platform.testing import FakeReader, InMemoryKeys, InMemoryPasswords, InMemoryRepository, InMemoryStore
from ocr_platform.worker.breaker import Breaker
from ocr_platform.worker.heart import Heart
from ocr_platform.worker.services import WorkerRuntime
from ocr_platform.worker.shutdown import Shutdown
from ocr_platform.workflow import routing


@dataclass
class BreakerBook:
    """Implements `ports.BreakerLog` in a dict: codes by name."""

    entries: dict[str, str]

    def open(self, name: str, code: str) -> None:
        self.entries[name] = code

    def close(self, name: str) -> None:
        self.entries.pop(name, None)


@dataclass
class FakeRuntime:
    """What the tasks ask a WorkerRuntime for."""

    app: Celery
    settings: Settings
    reader: FakeReader = field(default_factory=FakeReader)
    pace: Pace = field(default_factory=lambda: Pace(1, 1e6, 1e6))
    store: InMemoryStore = field(default_factory=InMemoryStore)
    keys: InMemoryKeys = field(default_factory=InMemoryKeys)
    passwords: InMemoryPasswords = field(default_factory=InMemoryPasswords)
    repository: InMemoryRepository = field(default_factory=InMemoryRepository)
    terms: ClaimTerms = field(default_factory=ClaimTerms)
    shutdown: Shutdown = field(default_factory=Shutdown)
    heart: Heart = field(init=False)
    breaker: Breaker = field(init=False)
    breakers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.heart = Heart(self.repository, 60.0, self.shutdown, 20.0)
        self.breaker = Breaker(self.probe, BreakerBook(self.breakers), self.shutdown, 0.01)

    def probe(self, _error: PlatformError) -> None:
        self.store.probe()

    @property
    def text_sealer(self) -> Sealer:
        return Sealer(self.keys)

    @property
    def services(self) -> WorkerRuntime:
        """As the product's code takes it."""
        return cast(WorkerRuntime, self)

    def submit(self) -> UUID:
        """A job that nobody has claimed yet."""
        return self.repository.add(self.store.put_source(b"%PDF-1.7"))

    def taken(self) -> list[Any]:
        """Takes the messages that are waiting, in the order of the queues."""
        found = []
        with self.app.connection_for_read() as connection:
            for queue in self.app.conf.task_queues:
                bound = queue(connection.default_channel)
                while message := bound.get(no_ack=True):
                    found.append(message)
        return found

    def published(self) -> list[tuple[str, str]]:
        """Takes the messages that are waiting: task and job id of each."""
        return [(message.headers["task"], message.payload[0][0]) for message in self.taken()]


@contextmanager
def fake_runtime(
    settings: Settings, reader: FakeReader | None = None, broker: str = "memory://"
) -> Iterator[FakeRuntime]:
    """A runtime; the queues in memory, which all applications of a process share, are empty after it."""
    with Celery("test", broker=broker, set_as_current=False) as app:
        app.conf.update(routing())
        app.conf.update(task_ignore_result=True)
        made = FakeRuntime(app, settings, reader or FakeReader())
        try:
            yield made
        finally:
            made.shutdown.begin()  # a breaker that is open looks until then
            if broker.startswith("memory"):
                made.taken()
            made.heart.close()

"""Workers and beats of an installation of their own, started, hurt and watched by a test."""

import random
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import UUID

import boto3
import pytest

from ocr_platform import Client
from ocr_platform.db.engine import make_engine
from ocr_platform.db.migrate import migrate
from ocr_platform.errors import TransientError
from ocr_platform.local.service import Service
from ocr_platform.settings import Settings
from tests.conftest import Servers
from tests.faults import evidence, processes
from tests.faults.crash import VARIABLE, Arming, Crash, Deed
from tests.faults.documents import Document
from tests.faults.ground import Ground, launch
from tests.faults.http_wire import HttpWire
from tests.faults.postgres_wire import PostgresWire
from tests.faults.proxy import FaultProxy
from tests.faults.redis_wire import RedisWire

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Kind = Literal["s3", "redis", "postgres"]

# A real installation waits minutes where these wait seconds.
SHORT = {
    "OCR_LEASE_SECONDS": "3",
    "OCR_SWEEP_SECONDS": "0.5",
    "OCR_WAKE_PATIENCE_SECONDS": "2",
    "OCR_BACKOFF_SECONDS": "0.2",
    "OCR_PROBE_SECONDS": "0.2",
    "OCR_MAX_ATTEMPTS": "5",
    "OCR_STOP_SECONDS": "5",
    "OCR_ORPHANS_SECONDS": "2",
}
_REPOSITORY = Path(__file__).parents[2]
_POLL_SECONDS = 0.1
_STOP_SECONDS = 15.0


class Fleet:
    """A migrated database, a Redis of its own, and the processes that a test starts. Use it as a context manager.

    `env` is for every process and for the client, on top of `SHORT`. Start it in the main thread: its processes end
    when the thread does.
    """

    def __init__(
        self,
        servers: Servers,
        *,
        own_postgres: bool = False,
        own_aws: bool = False,
        env: Mapping[str, str] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._shared = servers
        self._own = {"own_postgres": own_postgres, "own_aws": own_aws}
        self._env = SHORT | dict(env or {})
        self._rng = rng or random.Random(0)
        self._opened = ExitStack()
        self._proxies: dict[tuple[Kind, str], FaultProxy] = {}
        self.services: dict[str, Service] = {}
        self.documents: set[Document] = set()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self.ground = opened.enter_context(closing(Ground(self._shared, **self._own)))
            self.scratch = self.ground.directory.make("scratch")
            engine = make_engine(self.settings)
            migrate(engine)
            engine.dispose()
            self.client = opened.enter_context(closing(Client(self.settings)))
            opened.callback(self._finish_processes)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    @property
    def name(self) -> str:
        """The mark of this fleet's processes."""
        return self.ground.directory.name

    @property
    def servers(self) -> Servers:
        """The servers themselves, past the proxies."""
        return self.ground.servers

    @property
    def environment(self) -> dict[str, str]:
        """An application's environment, past the proxies."""
        return self.servers.environment | {"OCR_TEMP_DIR": str(self.scratch)} | self._env

    @property
    def settings(self) -> Settings:
        """An application's settings, past the proxies."""
        return self.servers.settings(**self.environment)

    @cached_property
    def s3(self) -> "S3Client":
        """S3 as anybody with a key sees it, past the proxies. One for all: making it takes a tenth of a second."""
        account = self.servers.aws
        session = boto3.session.Session(account.access_key, account.secret_key, region_name=account.region)
        return self._opened.enter_context(closing(session.client("s3", endpoint_url=account.endpoint_url)))

    def proxy(self, kind: Kind, via: str = "") -> FaultProxy:
        """The proxy before a server, for processes that are started from now on with the same `via`.

        "s3" stands before all of AWS: S3, KMS and Secrets Manager.
        """
        if (kind, via) not in self._proxies:
            made = {
                "s3": lambda: FaultProxy(int(self.servers.aws.endpoint_url.rpartition(":")[2]), HttpWire, self._rng),
                "redis": lambda: FaultProxy(self.servers.redis_port, RedisWire, self._rng),
                "postgres": lambda: FaultProxy(self.servers.database_port, PostgresWire, self._rng),
            }[kind]()
            self._proxies[kind, via] = self._opened.enter_context(made)
        return self._proxies[kind, via]

    def crash(self, point: str, do: Deed, *, times: int = 1, delay: float = 0.0, skip: int = 0) -> Crash:
        """A crash to start processes with; all that are started with it share its count."""
        latch = self.ground.directory.make(f"latch-{self._rng.getrandbits(64):x}")
        return Crash(point, do, latch, times, delay, skip)

    def start_worker(
        self,
        name: str = "worker",
        *,
        concurrency: int = 2,
        queues: str | None = None,
        pool: str = "prefork",
        crash: Crash | Sequence[Crash] | Arming = (),
        env: Mapping[str, str] | None = None,
        via: str = "",
        wait: bool = True,
    ) -> Service:
        """Start a worker; it is ready when this returns, unless `wait` is false.

        `crash` may also be an `Arming`, which can have the clock wrong or another protocol version.
        """
        arguments = [
            "worker",
            f"--pool={pool}",
            f"--concurrency={concurrency}",
            *([f"--queues={queues}"] if queues else []),
        ]
        return self._start(name, arguments, _armed(crash), env or {}, via, " ready." if wait else None)

    def start_beat(
        self,
        name: str = "beat",
        *,
        crash: Crash | Sequence[Crash] | Arming = (),
        env: Mapping[str, str] | None = None,
        via: str = "",
        wait: bool = True,
    ) -> Service:
        """Start a beat, which runs the reaper."""
        return self._start(name, ["beat"], _armed(crash), env or {}, via, "beat: Starting" if wait else None)

    def _start(
        self, name: str, arguments: list[str], arming: Arming, env: Mapping[str, str], via: str, ready: str | None
    ) -> Service:
        if name in self.services:
            assert not self.services[name].running(), f"{name} runs already"
            self.services[name].finish()
        logged = len(self.log(name))
        temp = self.ground.temp / name
        temp.mkdir(mode=0o700, exist_ok=True)
        own = {"TMPDIR": str(temp), "HOME": str(temp), "PYTHONPATH": str(_REPOSITORY), processes.MARK: self.name}
        environment = self.ground.bare | self.environment | own | self._routes(via) | dict(env)
        if arming.needed:
            environment[VARIABLE] = arming.dumps()
        module = "tests.faults.armed" if arming.needed else "ocr_platform"
        service = Service(
            name,
            [sys.executable, "-m", module, *arguments],
            environment,
            self.ground.logs / f"{name}.log",
            orphan_signal=signal.SIGKILL,
        )
        self.services[name] = service
        launch(service)
        if ready is not None:
            service.wait_until(lambda: ready in self.log(name)[logged:])
        return service

    def _routes(self, via: str) -> dict[str, str]:
        """The environment that leads through the proxies which there are."""
        routes = {}
        for (kind, name), proxy in self._proxies.items():
            if name == via:
                variable = {"s3": "AWS_ENDPOINT_URL", "redis": "REDIS_PORT", "postgres": "DB_PORT"}[kind]
                routes[variable] = f"http://127.0.0.1:{proxy.port}" if kind == "s3" else str(proxy.port)
        return routes

    def log(self, name: str) -> str:
        """What a process of this name has logged."""
        path = self.ground.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def submit(self, document: Document, count: int = 1, **options: Any) -> list[UUID]:
        """Upload a document and submit it so many times; `options` are those of `Client.submit`."""
        self.documents.add(document)
        with document.path.open("rb") as file:
            source = self.client.upload(file)
        return [self.client.submit(source, **options) for _ in range(count)]

    def wait_all(
        self, job_ids: Sequence[UUID], bound_seconds: float, meanwhile: Callable[[], object] = lambda: None
    ) -> float:
        """Wait until all jobs have ended, which fails after the bound, and call `meanwhile` often; seconds taken."""
        started = time.monotonic()
        while True:
            try:
                found = self.client.statuses(job_ids)
                if len(found) == len(set(job_ids)) and all(status.state.terminal for status in found.values()):
                    return time.monotonic() - started
            except TransientError:
                pass  # the database is being restarted
            if time.monotonic() - started > bound_seconds:
                pytest.fail(f"not all jobs ended within {bound_seconds} s\n{evidence.report(self)}", pytrace=False)
            meanwhile()
            time.sleep(_POLL_SECONDS)

    def end_processes(self, seconds: float = _STOP_SECONDS) -> dict[str, float]:
        """SIGTERM to every process of the platform; how long each took to end. What does not end in time is left."""
        took: dict[str, float] = {}
        running = {name: service for name, service in self.services.items() if service.running()}
        for service in running.values():
            processes.resume(*processes.stopped(service))
            service.ask_to_stop()
        started = time.monotonic()
        while running and time.monotonic() - started < seconds:
            for name in [name for name, service in running.items() if not service.running()]:
                took[name] = time.monotonic() - started
                del running[name]
            time.sleep(0.02)
        return took

    def _finish_processes(self) -> None:
        self.end_processes()
        for service in self.services.values():
            service.finish()


def _armed(crash: Crash | Sequence[Crash] | Arming) -> Arming:
    if isinstance(crash, Arming):
        return crash
    return Arming((crash,) if isinstance(crash, Crash) else tuple(crash))

"""All that can be read of an installation from outside: of its servers, its pages and its processes."""

import base64
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import redis
from celery import Celery

from ocr_platform.local import servers as building_blocks
from ocr_platform.logins import Login

# What Flower 2.2 answers to GET (flower/urls.py); the pages of workers and of tasks have names in them.
FLOWER_PAGES = (
    *("/", "/workers", "/workers?json=1", "/tasks", "/broker", "/metrics", "/healthcheck", "/login", "/nowhere"),
    "/tasks/datatable?draw=1&start=0&length=1000&search[value]=&order[0][column]=0&order[0][dir]=asc&columns[0][data]=name",
    *("/api/workers", "/api/workers?refresh=true", "/api/workers?status=true"),
    *("/api/tasks?limit=10000", "/api/task/types", "/api/queues/length"),
)
INSPECTED = ("active", "conf", "stats", "reserved", "registered", "report", "scheduled", "revoked", "active_queues")


class Monitor:
    """Everything that Redis is told while it runs."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection
        self._lines: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._thread.start()
        time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._connection.ping()  # the command that wakes the listener up
        self._thread.join(10)

    def _listen(self) -> None:
        with self._connection.monitor() as monitor:  # type: ignore[no-untyped-call]
            while not self._ended.is_set():
                self._lines.append(str(monitor.next_command()["command"]))

    @property
    def seen(self) -> bytes:
        return "\n".join(self._lines).encode()


def redis_keys(connection: redis.Redis) -> bytes:
    """Every key with its value, as Redis itself writes it."""
    return b"\n".join(key + b" " + (connection.dump(key) or b"") for key in connection.scan_iter())


def redis_file(connection: redis.Redis, folder: Path) -> bytes:
    """The RDB file, written now."""
    connection.save()
    return (folder / "dump.rdb").read_bytes()


def postgres_dump(host: str, port: int, login: Login, database: str, ca: Path | None = None) -> bytes:
    """What `pg_dump` makes of a database."""
    verified = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(ca)} if ca else {}
    program = building_blocks._postgres_programs() / "pg_dump"
    command: list[str | Path] = [program, f"--host={host}", f"--port={port}", f"--username={login.user}", database]
    environment = {"PATH": os.environ["PATH"], "PGPASSWORD": login.password} | verified
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


def tables(connection: Any) -> bytes:
    """All rows of all tables, over a psycopg2 connection: faster than `postgres_dump`, for many looks."""
    rows = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608  names from the catalogue
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows).encode()


class Flower:
    """Its pages and its API, as whoever has the login sees them."""

    def __init__(self, url: str, login: Login) -> None:
        self._url = url
        self._header = "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode()

    def page(self, path: str) -> bytes:
        """What is answered, an error too."""
        request = Request(self._url + path, headers={"Authorization": self._header})  # noqa: S310
        try:
            with urlopen(request) as answer:  # noqa: S310
                return bytes(answer.read())
        except HTTPError as error:
            with error:
                return error.read()

    def tasks(self) -> dict[str, Any]:
        """Tasks by id, as the API tells of them."""
        found: dict[str, Any] = json.loads(self.page("/api/tasks?limit=10000"))
        return found

    def everything(self) -> bytes:
        """All pages there are, of each worker and each task too."""
        workers = json.loads(self.page("/api/workers?refresh=true"))
        own = [f"/worker/{name}" for name in workers]
        for task in self.tasks():
            own += [f"/task/{task}", f"/api/task/info/{task}", f"/api/task/result/{task}"]
        return b"\n".join(map(self.page, (*FLOWER_PAGES, *own)))


def inspected(app: Celery, *methods: str, workers: int = 1) -> dict[str, Any]:
    """What so many workers answer to `celery inspect`, by method."""
    inspect = app.control.inspect(timeout=5.0, limit=workers)
    return {method: getattr(inspect, method)() for method in methods}


class ProcessViews:
    """Environments and command lines of processes and of all that they have started, whenever `look` is called."""

    def __init__(self, *main: int) -> None:
        self.main = main
        self.environments: set[bytes] = set()
        self.command_lines: set[bytes] = set()

    def look(self) -> None:
        """What the system shows of them now."""
        for pid in self._processes():
            # One that ends in this moment has neither any more.
            with suppress(OSError):
                self.environments.add(Path(f"/proc/{pid}/environ").read_bytes())
                self.command_lines.add(Path(f"/proc/{pid}/cmdline").read_bytes())

    def _processes(self) -> Iterable[int]:
        for pid in self.main:
            with suppress(psutil.NoSuchProcess):
                yield from (pid, *(child.pid for child in psutil.Process(pid).children(recursive=True)))

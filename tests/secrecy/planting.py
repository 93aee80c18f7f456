"""A canary on purpose in each place where the search looks. Each is gone again when the block ends."""

import base64
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from celery import Celery

from ocr_platform.broker import make_app
from ocr_platform.local.service import Service
from ocr_platform.sandbox.limits import memory_dir
from ocr_platform.settings import load_settings
from tests.credentials.secure_postgres import HOST
from tests.places import INSPECTED
from tests.processes import launched
from tests.secrecy.installation import Installation

Plant = Callable[[Installation, str], AbstractContextManager[None]]


@contextmanager
def redis_key(found: Installation, canary: str) -> Iterator[None]:
    """As a message holds what it carries."""
    with found.redis_admin() as admin:
        admin.set("planted", base64.b64encode(f"x {canary}".encode()))
        yield
        admin.delete("planted")


@contextmanager
def redis_command(found: Installation, canary: str) -> Iterator[None]:
    """Said once, and stored nowhere."""
    with found.redis_admin() as admin:
        admin.publish("planted", canary)
    yield


@contextmanager
def row(found: Installation, canary: str) -> Iterator[None]:
    server = found.production.postgres
    owner = server.owner
    with closing(
        psycopg2.connect(host=HOST, port=server.port, dbname=server.database, user=owner.user, password=owner.password)
    ) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE planted (word text)")
            cursor.execute("INSERT INTO planted VALUES (%s)", (canary.upper(),))
            yield
            cursor.execute("DROP TABLE planted")


@contextmanager
def log_line(found: Installation, canary: str) -> Iterator[None]:
    """Of a process whose logging is nobody's business."""
    log = found.production.logs / "planted.log"
    program = [sys.executable, "-c", f"import logging; logging.warning('met {canary}')"]
    with launched(Service("planted", program, {}, log)) as run:
        assert run.process is not None
        run.process.wait(30)
        yield
    log.unlink()


@contextmanager
def task_name(found: Installation, canary: str) -> Iterator[None]:
    """An event such as workers send."""
    app = _as_worker(found)
    with closing(app), app.connection_for_write() as connection, app.events.Dispatcher(connection) as events:
        events.send("task-received", uuid="planted", name=f"task.{canary}", args="()", kwargs="{}")
        yield


@contextmanager
def answer(found: Installation, canary: str) -> Iterator[None]:
    """Somebody who answers as workers do, and says too much."""
    app = _as_worker(found)
    mailbox: Any = vars(app.control)["mailbox"]  # of which its types say nothing
    ended = threading.Event()

    def says(_state: object, **_arguments: object) -> list[dict[str, str]]:
        return [{"args": canary}]

    def serve() -> None:
        with app.connection_for_read() as connection:
            handlers = dict.fromkeys(INSPECTED, says)
            node = mailbox.Node("planted@host", handlers=handlers, channel=connection.channel())
            consumer = node.listen(callback=node.handle_message)
            listening.set()
            while not ended.is_set():
                try:
                    connection.drain_events(timeout=0.2)
                except TimeoutError:
                    continue
            consumer.cancel()

    listening = threading.Event()
    thread = threading.Thread(target=serve)
    thread.start()
    with closing(app):
        assert listening.wait(10)
        found.answering = 2
        yield
        found.answering = 1
        ended.set()
        thread.join()


@contextmanager
def temporary_file(found: Installation, canary: str) -> Iterator[None]:
    with _file(found.production.scratch / "planted", canary):
        yield


@contextmanager
def file_in_memory(_found: Installation, canary: str) -> Iterator[None]:
    folder = memory_dir()
    assert folder is not None
    with _file(folder / f"planted-{os.getpid()}", canary):
        yield


@contextmanager
def environment_variable(found: Installation, canary: str) -> Iterator[None]:
    with _process(found, {"PLANTED": canary}):
        yield


@contextmanager
def argument(found: Installation, canary: str) -> Iterator[None]:
    with _process(found, {}, canary):
        yield


# By the place that must tell of it; what follows a comma only tells two of one place apart.
PLANTS: dict[str, Plant] = {
    "Redis' keys": redis_key,
    "the RDB file": redis_key,
    "MONITOR": redis_command,
    "pg_dump": row,
    "logs": log_line,
    "Flower": task_name,
    "inspect": answer,
    "files": temporary_file,
    "files, in memory": file_in_memory,
    "environments": environment_variable,
    "command lines": argument,
}


def _as_worker(found: Installation) -> Celery:
    settings = load_settings(found.production.environment)
    return make_app(settings)


@contextmanager
def _file(path: Path, canary: str) -> Iterator[None]:
    path.write_bytes(canary.encode("utf-16"))
    yield
    path.unlink()


@contextmanager
def _process(found: Installation, environment: dict[str, str], *arguments: str) -> Iterator[None]:
    """A process that has started another one, which is the one that shows it."""
    program = "import subprocess, sys; subprocess.run(['sh', '-c', 'sleep 60 & wait', *sys.argv[1:]])"
    command = [sys.executable, "-c", program, *arguments]
    with launched(Service("planted", command, environment, found.production.logs / "planting.log")) as service:
        found.services.append(service)
        service.wait_until(lambda: bool(service.process and Path(f"/proc/{service.process.pid}/cmdline").read_bytes()))
        yield
        found.services.remove(service)

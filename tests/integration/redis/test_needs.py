"""Each user does over TLS what it is for, and is refused nothing: see `unrefused`."""

import base64
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg2
import pytest
import redis
from celery import Celery

from ocr_platform.broker import make_app
from ocr_platform.db.engine import make_engine
from ocr_platform.db.migrate import migrate
from ocr_platform.local.redis_users import CLIENT, FLOWER, WORKER, RedisUser
from ocr_platform.local.servers import http_ready
from ocr_platform.local.service import Service, free_ports
from ocr_platform.models import Stage
from ocr_platform.worker.flower import make_flower_app
from ocr_platform.workflow import ASSIST_QUEUE, CPU_QUEUE, IO_QUEUE, publish, publish_helpers, queue_length
from tests.conftest import Servers
from tests.integration.redis.support import ADDRESS, SecureRedis, taking
from tests.processes import launched

FLOWER_LOGIN = "operator:secret"


@contextmanager
def application(secure: SecureRedis, user: RedisUser, make: Callable[..., Celery] = make_app) -> Iterator[Celery]:
    app = make(secure.settings(user))
    try:
        yield app
    finally:
        app.close()


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


@contextmanager
def process(command: list[str], environment: dict[str, str], log: Path) -> Iterator[Service]:
    """A process of the platform, stopped in good order."""
    service = Service(command[0], [sys.executable, "-m", "ocr_platform", *command], environment, log)
    with launched(service):
        yield service


def test_an_application_puts_its_messages_into_the_queue(unrefused: SecureRedis, admin: redis.Redis) -> None:
    job_ids = [uuid4(), uuid4()]
    with application(unrefused, CLIENT) as app:
        for job_id in job_ids:
            publish(app, Stage.FETCH_DECRYPT, job_id, wake=0)

    assert admin.llen(IO_QUEUE) == 2
    roots = [json.loads(item)["headers"]["root_id"] for item in admin.lrange(IO_QUEUE, 0, -1)]
    assert roots == [str(job_id) for job_id in reversed(job_ids)]


def test_beat_wakes_workers_for_every_stage_and_sees_how_long_queues_are(unrefused: SecureRedis) -> None:
    with application(unrefused, WORKER) as app:
        assert queue_length(app, IO_QUEUE) == 0
        for stage in Stage:
            publish(app, stage, uuid4())
        publish_helpers(app, uuid4(), 3, 60.0)

        assert [queue_length(app, queue) for queue in (IO_QUEUE, CPU_QUEUE, ASSIST_QUEUE)] == [3, 1, 3]


def test_a_worker_takes_notes_and_forgets_and_puts_back(unrefused: SecureRedis, admin: redis.Redis) -> None:
    with application(unrefused, CLIENT) as app:
        for _ in range(3):
            publish(app, Stage.FETCH_DECRYPT, uuid4(), wake=0)

    with taking(unrefused.settings(WORKER), IO_QUEUE) as (connection, taken):
        while len(taken) < 3:
            connection.drain_events(timeout=5)
        assert (admin.llen(IO_QUEUE), admin.hlen("unacked")) == (0, 3)

        taken[0].ack()
        taken[1].reject(requeue=True)
        assert (admin.llen(IO_QUEUE), admin.hlen("unacked"), admin.zcard("unacked_index")) == (1, 1, 1)

        # And what a worker that died had taken
        admin.zadd("unacked_index", {str(tag): 1.0 for tag in admin.hkeys("unacked")})
        connection.default_channel.qos.restore_visible(num=10)
        assert (admin.llen(IO_QUEUE), admin.hlen("unacked"), admin.exists("unacked_mutex")) == (2, 0, 0)


def test_a_worker_drops_what_is_no_message(unrefused: SecureRedis, admin: redis.Redis) -> None:
    admin.hset("unacked", "tag", "no message")
    admin.zadd("unacked_index", {"tag": 1.0})

    with taking(unrefused.settings(WORKER), IO_QUEUE) as (connection, _):
        connection.default_channel.qos.restore_visible(num=10)

    assert admin.exists("unacked", "unacked_index", "unacked_mutex") == 0


@pytest.mark.parametrize(("user", "make"), [(WORKER, make_app), (FLOWER, make_flower_app)], ids=["worker", "flower"])
def test_notes_of_queues_that_nobody_has_any_more_are_removed(
    user: RedisUser, make: Callable[..., Celery], unrefused: SecureRedis, admin: redis.Redis
) -> None:
    for name in ("celeryev", "celery.pidbox", "reply.celery.pidbox"):
        admin.sadd(f"_kombu.binding.{name}", "queue")
        admin.zadd("_kombu.binding_deadlines", {name: 1.0})

    with application(unrefused, user, make) as app, app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        assert channel.sweep_bindings() == 3

    assert admin.keys("_kombu.*") == []


def test_flower_hears_what_workers_tell_and_leaves_nothing(unrefused: SecureRedis, admin: redis.Redis) -> None:
    heard: list[dict[str, Any]] = []
    with (
        application(unrefused, FLOWER, make_flower_app) as listening,
        telling(unrefused),
        listening.connection_for_read() as connection,
    ):
        receiver = listening.events.Receiver(connection)

        def hear(event: dict[str, Any]) -> None:
            heard.append(event)
            receiver.should_stop = True

        receiver.handlers["*"] = hear
        receiver.capture(limit=None, timeout=10, wakeup=False)

    assert heard[0]["type"] == "worker-heartbeat"
    assert [key for key in admin.scan_iter() if key != "_kombu.binding_deadlines"] == []


@contextmanager
def telling(secure: SecureRedis) -> Iterator[None]:
    """A worker that says again and again that it lives: what nobody hears is gone."""
    ended = threading.Event()

    def tell() -> None:
        with application(secure, WORKER) as app, app.connection_for_write() as connection:
            dispatcher = app.events.Dispatcher(connection, hostname="somewhere")
            while not ended.wait(0.1):
                dispatcher.send("worker-heartbeat")

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_worker_and_flower_as_they_run(
    unrefused: SecureRedis, admin: redis.Redis, servers: Servers, tmp_path: Path
) -> None:
    # Given both, and two documents' messages; the database is gone by then, so they are taken and put back
    own = servers.with_database()
    engine = make_engine(own.settings())
    migrate(engine)
    engine.dispose()
    (port,) = free_ports(1)
    user, _, password = FLOWER_LOGIN.partition(":")
    login = {"OCR_FLOWER_USER": user, "OCR_FLOWER_PASSWORD": password, "OCR_FLOWER_PORT": str(port)}
    worker = own.environment | {
        name: value
        for name, value in unrefused.environment(WORKER, TMPDIR=str(tmp_path)).items()
        if name not in own.environment or name.startswith("REDIS_")
    }
    with (
        process(["worker", "--concurrency=1"], worker, tmp_path / "worker.log") as running,
        process(["flower"], unrefused.environment(FLOWER, **login), tmp_path / "flower.log") as flower,
        application(unrefused, FLOWER, make_flower_app) as asking,
        application(unrefused, CLIENT) as client,
    ):
        running.wait_until(lambda: bool(asking.control.ping(timeout=0.5)))
        flower.wait_until(lambda: http_ready(f"http://{ADDRESS}:{port}/healthcheck"))
        drop_database(own)
        publish(client, Stage.FETCH_DECRYPT, uuid4(), wake=0)
        publish(client, Stage.FETCH_DECRYPT, uuid4(), wake=0)

        # Then Flower hears of the tasks, asks the worker, and sees the queues
        wait_for(lambda: "ocr_platform.fetch_decrypt" in page(port, "api/tasks"))
        assert len(asking.control.inspect(timeout=2).stats() or {}) == 1
        assert "ocr_platform.ocr" in page(port, "api/workers?refresh=1")
        queues = json.loads(page(port, "api/queues/length"))["active_queues"]
        assert {queue["name"] for queue in queues} == {IO_QUEUE, CPU_QUEUE, ASSIST_QUEUE}
        assert IO_QUEUE in page(port, "broker")

    # And what the worker had is back, and no answer is left
    assert admin.llen(IO_QUEUE) == 2
    assert [key for key in admin.scan_iter() if "unacked" in key or key.endswith(".pidbox")] == []
    shown = [(tmp_path / f"{name}.log").read_text() for name in ("worker", "flower")]
    assert not any("NoPermission" in text for text in shown)


def drop_database(servers: Servers) -> None:
    login = servers.database_login
    connection = psycopg2.connect(
        host=ADDRESS, port=servers.database_port, user=login.user, password=login.password, dbname="postgres"
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{servers.database}" WITH (FORCE)')
    connection.close()


def page(port: int, path: str) -> str:
    request = Request(f"http://{ADDRESS}:{port}/{path}")
    request.add_header("Authorization", "Basic " + base64.b64encode(FLOWER_LOGIN.encode()).decode())
    with urlopen(request, timeout=20) as answer:  # noqa: S310  our own address
        text: str = answer.read().decode()
    return text

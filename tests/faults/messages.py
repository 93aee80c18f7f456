"""Messages as somebody writes them who has the platform's rights in Redis: by Celery, or byte by byte past it."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import redis

from ocr_platform.broker import make_app
from ocr_platform.local.servers import HOST
from ocr_platform.models import Stage
from ocr_platform.workflow import ASSIST_QUEUE, ASSIST_TASK, PROTOCOL_HEADER, QUEUE_OF, TASK_NAMES
from tests.faults.fleet import Fleet

# Every task of the platform, and the queue that its messages lie in.
QUEUE_OF_TASK = {TASK_NAMES[stage]: QUEUE_OF[stage] for stage in Stage} | {ASSIST_TASK: ASSIST_QUEUE}


@contextmanager
def redis_platform(fleet: Fleet) -> Iterator[redis.Redis]:
    """Redis with the rights that workers and applications have."""
    login = fleet.servers.redis_login
    with redis.Redis(HOST, fleet.servers.redis_port, username=login.user, password=login.password) as connection:
        yield connection


def wire(task: object, args: object = (), headers: Mapping[str, Any] | None = None, **changed: Any) -> bytes:
    """A message as kombu writes it; `headers` replace its own, None removes one. `changed` replaces parts of it.

    `body` is what goes into the body; `raw_body` is the encoded body itself.
    """
    identifier = str(uuid4())
    body = changed.pop("body", [args, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    encoded = base64.b64encode(json.dumps(body).encode()).decode()
    plain = {"lang": "py", "task": task, "id": identifier, "root_id": identifier, "retries": 0, "argsrepr": repr(args)}
    merged = plain | {PROTOCOL_HEADER: 1} | dict(headers or {})
    message = {
        "body": changed.pop("raw_body", encoded),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {name: value for name, value in merged.items() if value is not None},
        "properties": {
            "correlation_id": identifier,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "ocr", "routing_key": "ocr.io"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
        },
    }
    return json.dumps(message | changed).encode()


def push(fleet: Fleet, queue: str, *messages: bytes) -> None:
    """Put messages at the end of a queue, all in the same moment."""
    with redis_platform(fleet) as connection:
        connection.lpush(queue, *messages)


def push_all(fleet: Fleet, messages: Sequence[tuple[str, bytes]]) -> None:
    """Put messages, each with its queue, where they belong, in this order."""
    with redis_platform(fleet) as connection, connection.pipeline(transaction=False) as pipe:
        for queue, message in messages:
            pipe.lpush(queue, message)
        pipe.execute()


def copies(message: bytes, count: int) -> list[bytes]:
    """The same message several times; only the broker's own number, which it needs to tell them apart, differs."""
    made = []
    for _ in range(count):
        copy = json.loads(message)
        copy["properties"]["delivery_tag"] = str(uuid4())
        made.append(json.dumps(copy).encode())
    return made


def send(fleet: Fleet, task: str, *args: Any, queue: str | None = None, **options: Any) -> None:
    """Send a message through Celery, to the task's own queue unless another is named."""
    app = make_app(fleet.settings)
    try:
        app.send_task(task, args=list(args), queue=queue or QUEUE_OF_TASK.get(task, "ocr.io"), **options)
    finally:
        app.close()

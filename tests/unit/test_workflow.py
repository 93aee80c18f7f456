import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from celery.app.task import Context
from kombu import Queue

from ocr_platform.errors import BrokerUnavailable
from ocr_platform.models import Stage
from ocr_platform.workflow import (
    ASSIST_QUEUE,
    ASSIST_TASK,
    CHAIN,
    CPU_QUEUE,
    IO_QUEUE,
    PROTOCOL_HEADER,
    PROTOCOL_VERSION,
    QUEUE_OF,
    TASK_NAMES,
    WAKE_HEADER,
    publish,
    publish_helpers,
    queue_length,
    routing,
)

MOST_OFFERS = 500


@pytest.fixture
def app() -> Iterator[Celery]:
    with Celery("test", broker="memory://", set_as_current=False) as app:
        app.conf.update(routing())
        yield app
        _taken(app)


@pytest.fixture
def app_without_redis() -> Iterator[Celery]:
    # Nothing listens there (port 1 is the reserved tcpmux).
    with Celery("test", broker="redis://127.0.0.1:1/0", set_as_current=False) as app:
        app.conf.update(routing())
        yield app


def _taken(app: Celery) -> dict[str, list[Any]]:
    """The messages of each queue, which is empty after that."""
    taken: dict[str, list[Any]] = {}
    with app.connection_for_read() as connection:
        for queue in _queues(app):
            bound = queue(connection.default_channel)
            taken[queue.name] = []
            while message := bound.get(no_ack=True):
                taken[queue.name].append(message)
    return taken


def _queues(app: Celery) -> list[Queue]:
    queues: list[Queue] = app.conf.task_queues
    return queues


def test_chain_has_every_stage_in_order() -> None:
    assert list(Stage) == list(CHAIN)


def test_task_names_are_stable() -> None:
    assert TASK_NAMES == {
        "fetch_decrypt": "ocr_platform.fetch_decrypt",
        "ocr": "ocr_platform.ocr",
        "encrypt_upload": "ocr_platform.encrypt_upload",
        "persist": "ocr_platform.persist",
    }


def test_each_queue_has_a_routing_key_of_its_own(app: Celery) -> None:
    keys = {queue.name: queue.routing_key for queue in _queues(app)}

    assert keys == {name: name for name in (IO_QUEUE, CPU_QUEUE, ASSIST_QUEUE)}


def test_every_task_goes_to_a_queue_that_exists(app: Celery) -> None:
    routes = app.conf.task_routes

    assert routes.keys() == {*TASK_NAMES.values(), ASSIST_TASK}
    assert {route["queue"] for route in routes.values()} == {queue.name for queue in _queues(app)}
    assert app.conf.task_create_missing_queues is False


@pytest.mark.parametrize("stage", CHAIN)
def test_message_reaches_the_queue_of_its_stage_and_no_other(app: Celery, stage: Stage) -> None:
    job_id = uuid4()

    publish(app, stage, job_id)

    met = _taken(app)
    (message,) = met.pop(QUEUE_OF[stage])
    assert not any(met.values())
    assert message.headers["task"] == TASK_NAMES[stage]
    assert message.headers["root_id"] == str(job_id)
    assert message.content_type == "application/json"


def test_message_carries_the_jobs_id_and_nothing_else(app: Celery) -> None:
    job_id = uuid4()

    publish(app, Stage.OCR, job_id)

    (message,) = _taken(app)[CPU_QUEUE]
    args, kwargs, _embedded = message.payload
    assert (args, kwargs) == ([str(job_id)], {})


def test_worker_that_takes_a_message_sees_which_protocol_it_speaks(app: Celery) -> None:
    publish(app, Stage.OCR, uuid4())

    (message,) = _taken(app)[CPU_QUEUE]
    assert (Context(message.headers).headers or {})[PROTOCOL_HEADER] == PROTOCOL_VERSION


@pytest.mark.parametrize("wake", [None, 0, 7])
def test_message_says_at_which_fence_it_was_sent_if_that_is_known(app: Celery, wake: int | None) -> None:
    publish(app, Stage.OCR, uuid4(), wake)

    (message,) = _taken(app)[CPU_QUEUE]
    assert (Context(message.headers).headers or {})[WAKE_HEADER] == wake


def test_message_of_a_stage_waits_for_as_long_as_it_takes(app: Celery) -> None:
    publish(app, Stage.OCR, uuid4())

    (message,) = _taken(app)[CPU_QUEUE]
    assert message.headers["expires"] is None


def test_helpers_are_offered_pages_on_a_queue_of_their_own_and_for_a_while(app: Celery) -> None:
    job_id = uuid4()

    publish_helpers(app, job_id, 3, expires_seconds=60.0)

    taken = _taken(app)
    assert {name: len(messages) for name, messages in taken.items()} == {IO_QUEUE: 0, CPU_QUEUE: 0, ASSIST_QUEUE: 3}
    for message in taken[ASSIST_QUEUE]:
        assert message.headers["task"] == ASSIST_TASK
        assert message.payload[0] == [str(job_id)]
        expires = datetime.fromisoformat(message.headers["expires"])
        assert timedelta(seconds=50) < expires - datetime.now(UTC) <= timedelta(seconds=60)


def test_offers_do_not_pile_up_where_nobody_is_idle(app: Celery) -> None:
    for _ in range(3):
        publish_helpers(app, uuid4(), MOST_OFFERS - 2, expires_seconds=60.0)

    assert queue_length(app, ASSIST_QUEUE) == MOST_OFFERS


def test_document_without_helpers_asks_the_broker_nothing(app_without_redis: Celery) -> None:
    publish_helpers(app_without_redis, uuid4(), 0, expires_seconds=60.0)


def test_length_of_a_queue_is_what_waits_in_it(app: Celery) -> None:
    publish(app, Stage.OCR, uuid4())
    publish(app, Stage.PERSIST, uuid4())
    publish(app, Stage.FETCH_DECRYPT, uuid4())

    assert [queue_length(app, queue) for queue in (IO_QUEUE, CPU_QUEUE)] == [2, 1]


def test_queue_that_nobody_has_used_yet_is_empty(app: Celery) -> None:
    assert queue_length(app, f"never-{uuid4()}") == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda app: publish(app, Stage.OCR, uuid4()),
        lambda app: publish_helpers(app, uuid4(), 1, 60.0),
        lambda app: queue_length(app, IO_QUEUE),
    ],
    ids=["publish", "publish_helpers", "queue_length"],
)
def test_broker_that_does_not_answer_is_a_typed_error_within_seconds(
    app_without_redis: Celery, call: Callable[[Celery], object]
) -> None:
    began = time.monotonic()

    with pytest.raises(BrokerUnavailable):
        call(app_without_redis)

    assert time.monotonic() - began < 20

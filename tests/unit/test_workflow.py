from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from kombu import Queue

from ocr_platform.errors import BrokerUnavailable
from ocr_platform.models import Stage
from ocr_platform.workflow import CHAIN, CPU_QUEUE, IO_QUEUE, QUEUE_OF, SWEEP_TASK, TASK_NAMES, publish, routing


@pytest.fixture
def app() -> Iterator[Celery]:
    with Celery("test", broker="memory://", set_as_current=False) as app:
        app.conf.update(routing())
        yield app


def _taken(app: Celery) -> dict[str, Any]:
    """A message of each queue, None where there is none."""
    with app.connection_for_read() as connection:
        return {queue.name: queue(connection.default_channel).get(no_ack=True) for queue in _queues(app)}


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

    assert keys == {IO_QUEUE: IO_QUEUE, CPU_QUEUE: CPU_QUEUE}


def test_every_task_goes_to_a_queue_that_exists(app: Celery) -> None:
    routes = app.conf.task_routes

    assert routes.keys() == {*TASK_NAMES.values(), SWEEP_TASK}
    assert {route["queue"] for route in routes.values()} == {queue.name for queue in _queues(app)}
    assert app.conf.task_create_missing_queues is False


@pytest.mark.parametrize("stage", CHAIN)
def test_message_reaches_the_queue_of_its_stage_and_no_other(app: Celery, stage: Stage) -> None:
    job_id = uuid4()

    publish(app, stage, job_id)

    met = _taken(app)
    message = met.pop(QUEUE_OF[stage])
    assert list(met.values()) == [None]
    assert message.headers["task"] == TASK_NAMES[stage]
    assert message.headers["root_id"] == str(job_id)
    assert message.content_type == "application/json"


def test_message_carries_the_jobs_id_and_nothing_else(app: Celery) -> None:
    job_id = uuid4()

    publish(app, Stage.OCR, job_id)

    message = _taken(app)[CPU_QUEUE]
    args, kwargs, _embedded = message.payload
    assert (args, kwargs) == ([str(job_id)], {})


def test_broker_that_does_not_answer_is_a_typed_error_within_seconds() -> None:
    # Given nothing listens there (port 1 is the reserved tcpmux)
    with Celery("test", broker="redis://127.0.0.1:1/0", set_as_current=False) as app:
        app.conf.update(routing())

        with pytest.raises(BrokerUnavailable):
            publish(app, Stage.OCR, uuid4())

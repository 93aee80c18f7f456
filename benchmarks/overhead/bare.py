"""The peer: a bare Celery chain of four empty tasks, with the settings that such an application has in production.

`python -m benchmarks.overhead.bare` is its worker.
"""

import argparse
import os

from celery import Celery, chain
from celery.canvas import Signature
from kombu import Exchange, Queue

from ocr_platform.broker import broker_url, fixed_login
from ocr_platform.settings import Settings, load_settings

QUEUES = ("bare.io", "bare.cpu")
_NAMES = ("bare.fetch", "bare.ocr", "bare.upload", "bare.persist")
_SOFT_LIMIT, _HARD_LIMIT, _VISIBILITY = 240, 300, 900  # seconds; as the platform's defaults give them


def make_bare_app(settings: Settings, *, events: bool) -> Celery:
    """The application. Whatever the platform sets beyond this list is the platform's own price."""
    app = Celery("bare", broker=broker_url(settings, fixed_login(settings)), set_as_current=False)
    exchange = Exchange("bare")
    io_queue, cpu_queue = QUEUES
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_soft_time_limit=_SOFT_LIMIT,
        task_time_limit=_HARD_LIMIT,
        broker_transport_options={"visibility_timeout": _VISIBILITY},
        broker_connection_retry_on_startup=True,
        task_queues=[Queue(name, exchange, routing_key=name) for name in QUEUES],
        task_default_queue=io_queue,
        task_routes={_NAMES[1]: {"queue": cpu_queue}},
        worker_send_task_events=events,
        task_send_sent_event=events,
    )
    for name in _NAMES:
        app.task(name=name, shared=False)(_nothing)
    return app


def bare_chain(app: Celery, job_id: str) -> Signature[None]:
    """One document's way: four signatures, each with the id alone."""
    return chain(*(app.tasks[name].si(job_id) for name in _NAMES), app=app)


def _nothing(job_id: str) -> None:
    """What every stage of the peer does."""


def main() -> None:
    """Run a worker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concurrency", type=int, default=os.cpu_count())
    parser.add_argument("--events", action="store_true")
    given = parser.parse_args()
    app = make_bare_app(load_settings(), events=given.events)
    # WARNING: at INFO Celery writes two lines a task, which would be the peer's largest cost.
    arguments = ["worker", "--loglevel=WARNING", "--without-mingle", "--without-gossip"]
    app.worker_main([*arguments, f"--concurrency={given.concurrency}", f"--queues={','.join(QUEUES)}"])


if __name__ == "__main__":
    main()

import os
from collections.abc import Iterator

import pytest
from billiard import pool
from celery import Celery
from celery.signals import worker_init, worker_process_shutdown, worker_shutting_down
from celery.worker.control import Panel

from ocr_platform.settings import Settings, load_settings
from ocr_platform.worker import start
from ocr_platform.worker.app import make_worker_app
from ocr_platform.worker.services import WorkerRuntime
from ocr_platform.workflow import ASSIST_TASK, TASK_NAMES


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Celery's signals are the whole process's: what a test connects is gone after it."""
    kept = [(event, list(event.receivers)) for event in (worker_init, worker_shutting_down, worker_process_shutdown)]
    yield
    for event, receivers in kept:
        event.receivers = receivers


def test_worker_knows_every_task(settings: Settings) -> None:
    app = make_worker_app(settings)

    assert {*TASK_NAMES.values(), ASSIST_TASK} <= app.tasks.keys()


def test_concurrency_is_the_settings_or_celerys_own(environ: dict[str, str]) -> None:
    assert make_worker_app(load_settings(environ | {"OCR_CONCURRENCY": "3"})).conf.worker_concurrency == 3
    assert not make_worker_app(load_settings(environ)).conf.worker_concurrency


def test_a_worker_may_be_asked_how_it_is_and_not_be_told_anything(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a worker that finds all in order, which tests with real servers show
    monkeypatch.setattr(start, "faults_at_start", lambda *_: [])
    monkeypatch.setattr(Panel, "data", dict(Panel.data))
    monkeypatch.setattr(pool, "GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT", 300)
    make_worker_app(settings)
    changing = {"shutdown", "revoke", "hello", "time_limit", "rate_limit", "cancel_consumer", "pool_shrink", "memdump"}
    assert changing <= Panel.data.keys()

    worker_init.send(sender="test")

    assert not changing & Panel.data.keys()
    assert {"ping", "stats", "active", "registered", "active_queues", "enable_events"} <= Panel.data.keys()
    assert pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT < 300


def test_nothing_is_scheduled_by_a_worker(settings: Settings) -> None:
    assert not make_worker_app(settings).conf.beat_schedule


def test_workers_signal_reaches_the_services_that_it_builds(settings: Settings) -> None:
    # Given a worker whose services are seen
    built: list[WorkerRuntime] = []

    class Seen(WorkerRuntime):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            built.append(self)

    app: Celery = make_worker_app(settings, Seen)
    assert built == []  # nothing is built before a process asks
    app.tasks[ASSIST_TASK].apply(args=("not-an-id",))
    (runtime,) = built
    seen = [runtime.shutdown.begun]

    # When Celery says that the worker stops
    worker_shutting_down.send(sender="test", sig="TERM", how="warm", exitcode=0)

    # Then
    seen.append(runtime.shutdown.begun)
    assert seen == [False, True]
    assert not runtime.shutdown.in_child


def test_services_are_closed_when_a_process_ends(settings: Settings) -> None:
    closed: list[int] = []

    class Seen(WorkerRuntime):
        def close(self) -> None:
            closed.append(os.getpid())
            super().close()

    app = make_worker_app(settings, Seen)
    app.tasks[ASSIST_TASK].apply(args=("not-an-id",))

    for _ in range(2):
        worker_process_shutdown.send(sender=None, pid=os.getpid(), exitcode=0)

    assert closed == [os.getpid()]


def test_heart_is_built_when_it_is_asked_for_and_closed_with_the_rest(settings: Settings) -> None:
    runtime = WorkerRuntime(settings)
    runtime.close()
    assert "heart" not in vars(runtime)

    heart = runtime.heart
    assert heart is runtime.heart
    runtime.close()
    assert heart._closed

"""The worker's application: the broker's settings and the tasks."""

import gc
import logging
import os
import warnings
from typing import Any

from billiard import pool, util
from celery import Celery
from celery.exceptions import CPendingDeprecationWarning
from celery.signals import (
    setup_logging,
    task_postrun,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_shutdown,
    worker_shutting_down,
)
from celery.worker.control import Panel

from ocr_platform.access import Access
from ocr_platform.broker import make_app
from ocr_platform.monitoring.logging import configure_logging
from ocr_platform.runtime import PerProcess
from ocr_platform.settings import Settings
from ocr_platform.worker.inherited import drop_connections
from ocr_platform.worker.services import WorkerRuntime
from ocr_platform.worker.shutdown import Shutdown
from ocr_platform.worker.start import require_start
from ocr_platform.worker.tasks import register_tasks

# A process that ends waits, by tenths of a second, until its last result was read. A worker that is stopping reads no
# more once it gave up what its processes had not begun on: they would wait the usual half minute, in vain.
_LAST_WORD_TRIES = 20

# What may be asked of a worker through Redis: how it is. Whoever can write there must not be able to stop it, to give
# its tasks a limit of no time, or to take its queues away; signals are for that.
# `hello` is not among it: it takes a list of revoked tasks from whoever says it.
_REMOTE_CONTROL = frozenset(
    {"active", "active_queues", "clock", "conf", "disable_events", "enable_events", "heartbeat", "ping"}
    | {"query_task", "registered", "report", "reserved", "revoked", "scheduled", "stats"}
    | {f"dump_{name}" for name in ("active", "reserved", "revoked", "schedule", "tasks")}
)


def make_worker_app(settings: Settings, runtime_type: type[WorkerRuntime] = WorkerRuntime) -> Celery:
    """An application for workers and Flower; `runtime_type` builds the services of each process."""
    shutdown = Shutdown()
    access = Access(settings)
    runtime = PerProcess(lambda: runtime_type(settings, access, shutdown))
    app = make_app(settings, access.broker)
    app.conf.broker_transport = "ocr_platform.worker.transport:Transport"
    if settings.ocr_concurrency is not None:
        app.conf.worker_concurrency = settings.ocr_concurrency
    register_tasks(app, runtime)
    _connect_start(settings, access)
    _connect_signals(settings, runtime, shutdown)
    return app


def _connect_start(settings: Settings, access: Access) -> None:
    @worker_init.connect(weak=False)
    def _check(**_: object) -> None:
        require_start(settings, access)

    @worker_init.connect(weak=False)
    def _restrict(**_: object) -> None:
        for name in Panel.data.keys() - _REMOTE_CONTROL:
            del Panel.data[name]
        pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = _LAST_WORD_TRIES

    @worker_process_init.connect(weak=False)
    def _begin_process(**_: object) -> None:
        # No network here: a process that is not ready within 4 seconds is killed.
        drop_connections()


def _connect_signals(settings: Settings, runtime: PerProcess[WorkerRuntime], shutdown: Shutdown) -> None:
    # Celery keeps weak references: without weak=False the handlers would be gone before the first signal.
    @setup_logging.connect(weak=False)
    def _logging(**_: object) -> None:
        configure_logging(settings.ocr_log_level)
        _log_processes()
        # With each lost connection Celery advises to kill running tasks. They need not die: see `broker`.
        warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)

    @worker_shutting_down.connect(weak=False)
    def _stop(**_: object) -> None:
        shutdown.begin()

    settled: set[int] = set()

    @task_postrun.connect(weak=False)
    def _settle(**_: object) -> None:
        # What a process loads for its first task stays. Each full collection would go over it again, 50 ms each time,
        # and a page of many words sets off several.
        if os.getpid() not in settled:
            settled.add(os.getpid())
            gc.collect()
            gc.freeze()

    @worker_process_shutdown.connect(weak=False)
    @worker_shutdown.connect(weak=False)
    def _close(**_: object) -> None:
        runtime.close()


def _log_processes() -> None:
    """Have billiard log as everybody does. By itself it prints errors of its processes and threads with all text."""
    logger = util.get_logger()
    logger.propagate = True
    logger.setLevel(logging.WARNING)  # less than that it says of each process that comes and goes

    def error(message: str, *args: object, **kwargs: Any) -> bool:
        logger.error(message, *args, **kwargs)
        return True  # else a process that ends by an error prints it, too

    util.error = error  # type: ignore[attr-defined]  # of which its types say nothing

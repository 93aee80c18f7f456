"""The worker's application: the broker's settings and the tasks."""

from celery import Celery
from celery.signals import setup_logging, worker_process_shutdown, worker_shutdown

from ocr_platform.broker import make_app
from ocr_platform.monitoring.logging import configure_logging
from ocr_platform.runtime import PerProcess
from ocr_platform.settings import Settings
from ocr_platform.worker.beat import beat_settings
from ocr_platform.worker.tasks import register_tasks


def make_worker_app(settings: Settings) -> Celery:
    """An application for workers, beat and Flower."""
    app = make_app(settings)
    app.conf.update(beat_settings())
    if settings.ocr_concurrency is not None:
        app.conf.worker_concurrency = settings.ocr_concurrency
    runtime = PerProcess(settings)
    register_tasks(app, runtime)
    _connect_signals(settings, runtime)
    return app


def _connect_signals(settings: Settings, runtime: PerProcess) -> None:
    # Celery keeps weak references: without weak=False the handlers would be gone before the first signal.
    @setup_logging.connect(weak=False)
    def _logging(**_: object) -> None:
        configure_logging(settings.ocr_log_level)

    @worker_process_shutdown.connect(weak=False)
    @worker_shutdown.connect(weak=False)
    def _close(**_: object) -> None:
        runtime.close()

from ocr_platform.settings import Settings, load_settings
from ocr_platform.worker.app import make_worker_app
from ocr_platform.workflow import SWEEP_TASK, TASK_NAMES


def test_worker_knows_every_task(settings: Settings) -> None:
    app = make_worker_app(settings)

    assert {*TASK_NAMES.values(), SWEEP_TASK} <= app.tasks.keys()


def test_beat_sweeps_and_a_late_sweep_expires(settings: Settings) -> None:
    conf = make_worker_app(settings).conf

    (entry,) = conf.beat_schedule.values()
    assert entry["task"] == SWEEP_TASK
    assert entry["options"]["expires"] <= entry["schedule"]
    assert conf.beat_scheduler == "celery.beat:Scheduler"  # the one that would keep a file is PersistentScheduler


def test_concurrency_is_the_settings_or_celerys_own(environ: dict[str, str]) -> None:
    assert make_worker_app(load_settings(environ | {"OCR_CONCURRENCY": "3"})).conf.worker_concurrency == 3
    assert not make_worker_app(load_settings(environ)).conf.worker_concurrency

"""The tasks: a few lines each over the pure steps."""

from celery import Celery

from ocr_platform import steps
from ocr_platform.models import Job, Stage
from ocr_platform.runtime import PerProcess, Runtime
from ocr_platform.worker.stage import StageTask
from ocr_platform.worker.sweep import sweep
from ocr_platform.workflow import SWEEP_TASK, TASK_NAMES


def register_tasks(app: Celery, runtime: PerProcess) -> None:
    """Add the four stages and the sweep to an application."""

    @app.task(shared=False, bind=True, base=StageTask, name=TASK_NAMES[Stage.FETCH_DECRYPT])
    def fetch_decrypt(self: StageTask, job_id: str) -> None:
        self.run_stage(runtime(), Stage.FETCH_DECRYPT, job_id, _fetch_decrypt)

    @app.task(shared=False, bind=True, base=StageTask, name=TASK_NAMES[Stage.OCR])
    def ocr(self: StageTask, job_id: str) -> None:
        self.run_stage(runtime(), Stage.OCR, job_id, _ocr)

    @app.task(shared=False, bind=True, base=StageTask, name=TASK_NAMES[Stage.ENCRYPT_UPLOAD])
    def encrypt_upload(self: StageTask, job_id: str) -> None:
        self.run_stage(runtime(), Stage.ENCRYPT_UPLOAD, job_id, _encrypt_upload)

    @app.task(shared=False, bind=True, base=StageTask, name=TASK_NAMES[Stage.PERSIST])
    def persist(self: StageTask, job_id: str) -> None:
        self.run_stage(runtime(), Stage.PERSIST, job_id, _persist)

    @app.task(shared=False, name=SWEEP_TASK)
    def sweep_jobs() -> None:
        sweep(runtime())


def _fetch_decrypt(runtime: Runtime, job: Job) -> Stage | None:
    return steps.fetch_decrypt(job, runtime.store, runtime.reader, runtime.repository)


def _ocr(runtime: Runtime, job: Job) -> Stage | None:
    return steps.recognise_pages(job, runtime.store, runtime.reader, runtime.repository, runtime.pace)


def _encrypt_upload(runtime: Runtime, job: Job) -> Stage | None:
    return steps.encrypt_upload(job, runtime.store, runtime.repository)


def _persist(runtime: Runtime, job: Job) -> Stage | None:
    steps.persist(job, runtime.store, runtime.repository)
    return None

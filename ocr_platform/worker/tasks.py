"""The tasks: a few lines each over the pure steps."""

from uuid import UUID

from celery import Celery

from ocr_platform import steps
from ocr_platform.models import HandOver, Job, Stage
from ocr_platform.runtime import PerProcess
from ocr_platform.worker.heart import Pulse
from ocr_platform.worker.services import WorkerRuntime
from ocr_platform.worker.stage import StageTask, Step
from ocr_platform.workflow import ASSIST_TASK, TASK_NAMES


def register_tasks(app: Celery, runtime: PerProcess[WorkerRuntime]) -> None:
    """Add the four stages, and help with long documents, to an application."""

    def run(task: StageTask, stage: Stage, job_id: str, step: Step) -> None:
        own = runtime()

        def claim(identifier: UUID) -> Job | None:
            return own.repository.claim(identifier, stage, task.wake)

        task.run_stage(own, stage, job_id, claim, step)

    @app.task(shared=False, bind=True, base=StageTask, name=TASK_NAMES[Stage.FETCH_DECRYPT])
    def fetch_decrypt(self: StageTask, job_id: str) -> None:
        run(self, Stage.FETCH_DECRYPT, job_id, _fetch_decrypt)

    @app.task(shared=False, bind=True, base=StageTask, name=TASK_NAMES[Stage.OCR])
    def ocr(self: StageTask, job_id: str) -> None:
        run(self, Stage.OCR, job_id, _ocr)

    @app.task(shared=False, bind=True, base=StageTask, name=ASSIST_TASK)
    def assist(self: StageTask, job_id: str) -> None:
        own = runtime()
        self.run_stage(own, Stage.OCR, job_id, own.repository.assist, _ocr)

    @app.task(shared=False, bind=True, base=StageTask, name=TASK_NAMES[Stage.ENCRYPT_UPLOAD])
    def encrypt_upload(self: StageTask, job_id: str) -> None:
        run(self, Stage.ENCRYPT_UPLOAD, job_id, _encrypt_upload)

    @app.task(shared=False, bind=True, base=StageTask, name=TASK_NAMES[Stage.PERSIST])
    def persist(self: StageTask, job_id: str) -> None:
        run(self, Stage.PERSIST, job_id, _persist)


def _fetch_decrypt(runtime: WorkerRuntime, job: Job, pulse: Pulse) -> HandOver | None:
    return steps.fetch_decrypt(job, runtime.store, runtime.reader, runtime.repository, runtime.pace, runtime.passwords)


def _ocr(runtime: WorkerRuntime, job: Job, pulse: Pulse) -> HandOver | None:
    def stopping() -> bool:
        return pulse.lost or runtime.shutdown.begun

    return steps.recognise_pages(
        job, runtime.store, runtime.reader, runtime.repository, runtime.pace, stopping, runtime.passwords
    )


def _encrypt_upload(runtime: WorkerRuntime, job: Job, pulse: Pulse) -> HandOver | None:
    return steps.encrypt_upload(
        job, runtime.store, runtime.reader, runtime.repository, runtime.text_sealer, runtime.passwords
    )


def _persist(runtime: WorkerRuntime, job: Job, pulse: Pulse) -> HandOver | None:
    steps.persist(job, runtime.store, runtime.repository)
    return None

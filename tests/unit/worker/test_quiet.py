"""What goes wrong where nobody expected it reaches neither Redis nor a log as text; Celery and billiard as they are."""

import json
import subprocess
import sys
from typing import Any

import pytest
from celery import Celery
from celery.app.trace import build_tracer
from celery.exceptions import Reject

from ocr_platform.worker.stage import StageTask

LETTER = "Dear Ms Roe, your diagnosis"


def _outcome(error: Exception) -> Any:
    """What Celery makes of a task that ends by this error: the result that events are told from."""
    app = Celery("test", set_as_current=False, broker="memory://", backend=None)
    app.conf.task_ignore_result = True

    @app.task(base=StageTask, name="task", shared=False)
    def task(job_id: str) -> None:
        try:
            raise OSError(LETTER)
        except OSError as exc:
            raise error from exc

    app.finalize()
    return build_tracer("task", app.tasks["task"], app=app)("id", ["job"], {}, {})[1]


def test_error_that_nobody_expected_leaves_a_task_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    outcome = _outcome(ValueError(LETTER))

    assert "Roe" not in f"{outcome.retval!r} {outcome.retval.__cause__!r} {outcome.retval.__context__!r}"
    assert type(outcome.retval).__name__ == "InternalError"
    assert [record.message for record in caplog.records if record.name == "ocr_platform.worker.stage"] == [
        "task_crashed"
    ]


def test_message_that_goes_back_says_nothing_of_why() -> None:
    # Celery logs the traceback of a refusal with all causes
    refused = _outcome(Reject(requeue=True)).retval

    assert isinstance(refused, Reject)
    assert refused.__cause__ is None
    assert refused.__suppress_context__


_PROCESS = f"""
import logging, sys
from celery.signals import setup_logging
from billiard.context import ForkProcess
from ocr_platform.settings import load_settings
from ocr_platform.worker.app import make_worker_app

environ = {{"APP_ENV": "development", "AWS_REGION": "eu-central-1", "S3_BUCKET_NAME": "documents",
    "KMS_KEY_ID": "arn:aws:kms:eu-central-1:{"0" * 12}:key/nobody", "DB_NAME": "ocr", "DB_USER": "ocr"}}
make_worker_app(load_settings(environ))
setup_logging.send(sender=None)

def work():
    raise ValueError({LETTER!r})

process = ForkProcess(target=work)
process.start()
process.join()
from billiard.util import get_logger
get_logger().error("Thread %r crashed: %r", "ResultHandler", ValueError({LETTER!r}))
"""


def test_processes_and_threads_of_a_pool_that_fail_are_logged_as_everything_is() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _PROCESS], capture_output=True, text=True, check=True, timeout=60
    ).stderr

    assert "Roe" not in told
    events = [json.loads(line)["event"] for line in told.splitlines()]
    assert events == ["Process ForkProcess-1", "Thread 'ResultHandler' crashed: 'builtins.ValueError'"]

"""A worker process that is killed in mid-page costs neither the document nor the worker."""

import time

import psutil

from ocr_platform import Client, JobState
from ocr_platform.local.stack import LocalStack
from tests.acceptance.helpers import GENERATED, character_error, truth_of
from tests.processes import kinds_below, recognises


def child_in_mid_page(stack: LocalStack) -> psutil.Process:
    """The worker process of this stack whose sandbox recognises a page now."""
    assert stack.worker.process is not None
    worker = psutil.Process(stack.worker.process.pid)
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        for child in worker.children():
            if any(map(recognises, kinds_below(child))):
                return child
        time.sleep(0.01)
    raise AssertionError("no page was recognised")


def test_the_document_of_a_killed_worker_process_is_finished_by_another(stack: LocalStack, client: Client) -> None:
    with (GENERATED / "letter.pdf").open("rb") as document:
        job_id = client.submit(client.upload(document))
    doomed = child_in_mid_page(stack)

    doomed.kill()
    status = client.wait(job_id, 60)

    assert not doomed.is_running()
    assert status.state is JobState.SUCCEEDED
    assert character_error(client.result(job_id).text, truth_of("letter.pdf")) < 0.02

"""The tasks over the fakes, message by message, as a worker would take them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from ocr_platform.errors import DatabaseUnavailable, PageDamaged, StorageUnavailable
from ocr_platform.models import JobState, Stage
from ocr_platform.runtime import PerProcess
from ocr_platform.settings import Settings
from ocr_platform.steps import Pace
from ocr_platform.testing import FakeReader
from ocr_platform.worker.services import WorkerRuntime
from ocr_platform.worker.tasks import register_tasks
from ocr_platform.workflow import ASSIST_TASK, TASK_NAMES, publish
from tests.unit.worker.support import FakeRuntime, fake_runtime


class Worker(FakeRuntime):
    """A runtime whose application has the tasks."""

    def work(self) -> list[str]:
        """Take messages until none is left; return the names of the tasks, in order."""
        done: list[str] = []
        with self.app.connection_for_read() as connection:
            queues = [queue(connection.default_channel) for queue in self.app.conf.task_queues]
            while message := next(filter(None, (queue.get(no_ack=True) for queue in queues)), None):
                name = message.headers["task"]
                self.app.tasks[name].apply(args=message.payload[0])
                done.append(name.removeprefix("ocr_platform."))
        return done


@contextmanager
def _made(settings: Settings, reader: FakeReader) -> Iterator[Worker]:
    with fake_runtime(settings, reader) as made:
        worker = Worker(made.app, made.settings, made.reader, shutdown=made.shutdown)
        register_tasks(worker.app, cast(PerProcess[WorkerRuntime], lambda: worker))
        yield worker
        worker.heart.close()


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Worker]:
    with _made(settings, FakeReader(["one", "two", "three"], faults={2: PageDamaged()})) as made:
        yield made


def test_every_stage_and_help_is_a_task(runtime: Worker) -> None:
    assert {*TASK_NAMES.values(), ASSIST_TASK} <= runtime.app.tasks.keys()


def test_applications_of_one_process_keep_their_tasks_apart(settings: Settings, pdf: bytes) -> None:
    # Given two of them, each with a reader of its own
    with _made(settings, FakeReader(["first"])) as first, _made(settings, FakeReader(["second"])) as second:
        for runtime in (first, second):
            job_id = runtime.repository.add(runtime.store.put_source(pdf))
            publish(runtime.app, Stage.FETCH_DECRYPT, job_id)

            # When each does its own job, then its own services did it
            runtime.work()
            assert runtime.repository.status(job_id).state is JobState.SUCCEEDED


def test_job_goes_through_all_stages_to_its_end(runtime: Worker, pdf: bytes) -> None:
    job_id = runtime.repository.add(runtime.store.put_source(pdf))
    publish(runtime.app, Stage.FETCH_DECRYPT, job_id)

    assert runtime.work() == ["fetch_decrypt", "ocr", "encrypt_upload", "persist"]

    status = runtime.repository.status(job_id)
    assert status.state is JobState.PARTIAL
    text = next(body for key, body in runtime.store.objects.items() if key.endswith("text.txt"))
    assert text == b"one\f\fthree"
    assert not any(key.startswith("work/") for key in runtime.store.objects)


def test_time_slices_let_other_jobs_in_between(runtime: Worker, pdf: bytes) -> None:
    # Given a slice for one page, and two jobs of three pages
    runtime.pace = Pace(1, 0.0, 0.0)
    first, second = (runtime.repository.add(runtime.store.put_source(pdf)) for _ in range(2))
    for job_id in (first, second):
        publish(runtime.app, Stage.FETCH_DECRYPT, job_id)

    # When
    done = runtime.work()

    # Then each came back to the queue's end twice, and the second was not kept waiting
    assert done.count("ocr") == 6
    assert runtime.reader.recognised == [1, 1, 2, 2, 3, 3]
    assert all(runtime.repository.status(job_id).state is JobState.PARTIAL for job_id in (first, second))


def test_message_that_comes_twice_does_nothing_twice(runtime: Worker, pdf: bytes) -> None:
    job_id = runtime.repository.add(runtime.store.put_source(pdf))
    for _ in range(2):
        publish(runtime.app, Stage.FETCH_DECRYPT, job_id)

    done = runtime.work()

    assert done.count("fetch_decrypt") == 2
    assert [done.count(stage) for stage in ("ocr", "encrypt_upload", "persist")] == [1, 1, 1]
    assert runtime.reader.recognised == [1, 2, 3]


def test_messages_in_the_wrong_order_are_dropped(runtime: Worker, pdf: bytes) -> None:
    job_id = runtime.repository.add(runtime.store.put_source(pdf))

    for stage in (Stage.PERSIST, Stage.ENCRYPT_UPLOAD, Stage.OCR):
        publish(runtime.app, stage, job_id)

    assert len(runtime.work()) == 3
    assert runtime.repository.status(job_id).state is JobState.QUEUED


def test_helpers_and_worker_share_a_long_document(runtime: Worker, pdf: bytes) -> None:
    # Given a slice for one page, and helpers that are offered the rest
    runtime.pace = Pace(1, 0.0, 0.0, max_helpers=2)
    job_id = runtime.repository.add(runtime.store.put_source(pdf))
    publish(runtime.app, Stage.FETCH_DECRYPT, job_id)

    # When
    done = runtime.work()

    # Then each page was recognised once, the job ended once, and offers that came too late did nothing
    assert sorted(runtime.reader.recognised) == [1, 2, 3]
    assert done.count("persist") == 1
    assert "assist" in done
    assert runtime.repository.status(job_id).state is JobState.PARTIAL


def test_helper_alone_finishes_what_a_worker_left(runtime: Worker, pdf: bytes) -> None:
    # Given the worker's next message is lost after its slice, and an offer is there
    runtime.pace = Pace(1, 0.0, 0.0, max_helpers=1)
    job_id = runtime.repository.add(runtime.store.put_source(pdf))
    publish(runtime.app, Stage.FETCH_DECRYPT, job_id)
    runtime.app.tasks[TASK_NAMES[Stage.FETCH_DECRYPT]].apply(args=(str(job_id),))
    runtime.taken()
    runtime.pace = Pace(1, 1e6, 1e6)

    # When
    runtime.app.tasks[ASSIST_TASK].apply(args=(str(job_id),))

    # Then it moves the job on, and the rest follows
    assert runtime.work() == ["encrypt_upload", "persist"]
    assert runtime.repository.status(job_id).state is JobState.PARTIAL


def test_worker_that_stops_hands_its_document_back_after_the_page_in_hand(runtime: Worker, pdf: bytes) -> None:
    class StoppingReader(FakeReader):
        def recognise(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN202
            runtime.shutdown.begin()
            return super().recognise(*args, **kwargs)

    runtime.pace = Pace(8, 1e6, 1e6)
    job_id = runtime.repository.add(runtime.store.put_source(pdf))
    publish(runtime.app, Stage.FETCH_DECRYPT, job_id)
    runtime.app.tasks[TASK_NAMES[Stage.FETCH_DECRYPT]].apply(args=(str(job_id),))
    runtime.taken()
    runtime.reader = StoppingReader(["one", "two", "three"])

    runtime.app.tasks[TASK_NAMES[Stage.OCR]].apply(args=(str(job_id),))

    assert runtime.reader.recognised == [1]
    assert runtime.repository.status(job_id).pages_done == 1
    assert runtime.published() == [("ocr_platform.ocr", str(job_id))]
    assert not runtime.repository.record(job_id).leased


@pytest.mark.parametrize("method", ["open_source", "write", "read", "remove_all"])
@pytest.mark.parametrize("times", [1, 3])
def test_store_that_is_away_for_a_while_changes_no_result(runtime: Worker, pdf: bytes, method: str, times: int) -> None:
    runtime.pace = Pace(8, 1e6, 1e6)
    job_id = runtime.repository.add(runtime.store.put_source(pdf))
    runtime.store.inject(method, StorageUnavailable(), times)

    # When the job is woken again and again, as the reaper would
    for _ in range(10):
        runtime.repository.expire(job_id)
        runtime.app.tasks[TASK_NAMES[runtime.repository.record(job_id).stage]].apply(args=(str(job_id),))

    # Then
    status = runtime.repository.status(job_id)
    assert status.state is JobState.PARTIAL
    assert runtime.store.read(status.outputs[0].stored) == b"one\f\fthree"


@pytest.mark.parametrize(
    "method",
    ["claim", "record_plan", "claim_pages", "checkpoint", "staged", "record_outputs", "finish"],
)
def test_database_that_is_away_for_a_moment_changes_no_result(runtime: Worker, pdf: bytes, method: str) -> None:
    runtime.pace = Pace(8, 1e6, 1e6)
    job_id = runtime.repository.add(runtime.store.put_source(pdf))
    runtime.repository.inject(method, DatabaseUnavailable())
    # What went wrong cannot be written down either.
    runtime.repository.inject("retry_later", DatabaseUnavailable())

    for _ in range(10):
        runtime.repository.expire(job_id)
        runtime.app.tasks[TASK_NAMES[runtime.repository.record(job_id).stage]].apply(args=(str(job_id),))

    assert runtime.repository.status(job_id).state is JobState.PARTIAL
    assert max(runtime.reader.recognised.count(number) for number in (1, 2, 3)) <= 2

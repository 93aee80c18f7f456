"""The four tasks over the fakes, message by message, as a worker would take them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest
from celery import Celery

from ocr_platform.errors import PageDamaged
from ocr_platform.models import JobState, Stage
from ocr_platform.runtime import PerProcess
from ocr_platform.steps import Pace
from ocr_platform.testing import FakeReader, InMemoryRepository, InMemoryStore
from ocr_platform.worker.tasks import register_tasks
from ocr_platform.workflow import SWEEP_TASK, TASK_NAMES, publish, routing


@dataclass
class FakeRuntime:
    """The services that the tasks ask a runtime for."""

    app: Celery
    reader: FakeReader
    pace: Pace
    store: InMemoryStore = field(default_factory=InMemoryStore)
    repository: InMemoryRepository = field(default_factory=InMemoryRepository)

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

    def forget(self) -> None:
        """Drop the messages that are left: the queues in memory are shared by all applications of the process."""
        with self.app.connection_for_read() as connection:
            for queue in self.app.conf.task_queues:
                queue(connection.default_channel).purge()


@contextmanager
def _made(reader: FakeReader) -> Iterator[FakeRuntime]:
    with Celery("test", broker="memory://", set_as_current=False) as app:
        app.conf.update(routing())
        made = FakeRuntime(app, reader, Pace(1, 1e6, 1e6))
        register_tasks(app, cast(PerProcess, lambda: made))
        yield made
        made.forget()


@pytest.fixture
def runtime() -> Iterator[FakeRuntime]:
    with _made(FakeReader(["one", "two", "three"], faults={2: PageDamaged()})) as made:
        yield made


def test_every_stage_and_the_sweep_is_a_task(runtime: FakeRuntime) -> None:
    assert {*TASK_NAMES.values(), SWEEP_TASK} <= runtime.app.tasks.keys()


def test_applications_of_one_process_keep_their_tasks_apart(pdf: bytes) -> None:
    # Given two of them, each with a reader of its own
    with _made(FakeReader(["first"])) as first, _made(FakeReader(["second"])) as second:
        for runtime in (first, second):
            job_id = runtime.repository.add(runtime.store.put_source(pdf))
            publish(runtime.app, Stage.FETCH_DECRYPT, job_id)

            # When each does its own job, then its own services did it
            runtime.work()
            assert runtime.repository.status(job_id).state is JobState.SUCCEEDED


def test_job_goes_through_all_stages_to_its_end(runtime: FakeRuntime, pdf: bytes) -> None:
    job_id = runtime.repository.add(runtime.store.put_source(pdf))
    publish(runtime.app, Stage.FETCH_DECRYPT, job_id)

    assert runtime.work() == ["fetch_decrypt", "ocr", "encrypt_upload", "persist"]

    status = runtime.repository.status(job_id)
    assert status.state is JobState.PARTIAL
    text = next(body for key, body in runtime.store.objects.items() if key.endswith("text.txt"))
    assert text == b"one\f\fthree"
    assert not any(key.startswith("work/") for key in runtime.store.objects)


def test_time_slices_let_other_jobs_in_between(runtime: FakeRuntime, pdf: bytes) -> None:
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


def test_message_that_comes_twice_does_nothing_twice(runtime: FakeRuntime, pdf: bytes) -> None:
    job_id = runtime.repository.add(runtime.store.put_source(pdf))
    for _ in range(2):
        publish(runtime.app, Stage.FETCH_DECRYPT, job_id)

    done = runtime.work()

    assert done.count("fetch_decrypt") == 2
    assert [done.count(stage) for stage in ("ocr", "encrypt_upload", "persist")] == [1, 1, 1]
    assert runtime.reader.recognised == [1, 2, 3]


def test_messages_in_the_wrong_order_are_dropped(runtime: FakeRuntime, pdf: bytes) -> None:
    job_id = runtime.repository.add(runtime.store.put_source(pdf))

    for stage in (Stage.PERSIST, Stage.ENCRYPT_UPLOAD, Stage.OCR):
        publish(runtime.app, stage, job_id)

    assert len(runtime.work()) == 3
    assert runtime.repository.status(job_id).state is JobState.QUEUED

"""Every error of a stage ends in a retry or in a terminal state; run on Celery itself, over the fakes."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID, uuid4

import pytest
from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded

from ocr_platform.errors import (
    DocumentDamaged,
    EngineMissing,
    InternalError,
    PlatformError,
    SourceMissing,
    StorageUnavailable,
)
from ocr_platform.models import DocumentFormat, Job, JobState, Stage
from ocr_platform.monitoring.logging import JsonFormatter
from ocr_platform.runtime import Runtime
from ocr_platform.staging import staging_key
from ocr_platform.testing import InMemoryRepository, InMemoryStore
from ocr_platform.worker.stage import StageTask
from ocr_platform.workflow import routing


@dataclass
class Bench:
    """One stage task whose step is the test's, on fakes."""

    app: Celery
    store: InMemoryStore = field(default_factory=InMemoryStore)
    repository: InMemoryRepository = field(default_factory=InMemoryRepository)
    tries: int = 0

    def submit(self) -> UUID:
        return self.repository.add(self.store.put_source(b"%PDF"))

    def run(self, job_id: object, step: Callable[[Job], Stage | None]) -> None:
        """The whole life of one message, retries included; Celery runs them at once when it is eager."""

        def counted(_: Runtime, job: Job) -> Stage | None:
            self.tries += 1
            return step(job)

        @self.app.task(bind=True, base=StageTask, name=f"test.{uuid4()}", shared=False)
        def task(self_: StageTask, job_id: str) -> None:
            self_.run_stage(cast(Runtime, self), Stage.FETCH_DECRYPT, job_id, counted)

        result = task.apply(args=(job_id,))
        assert result.result is None
        assert result.successful()

    def published(self) -> list[tuple[str, str]]:
        """Task and job id of each message that is waiting."""
        found = []
        with self.app.connection_for_read() as connection:
            for queue in self.app.conf.task_queues:
                bound = queue(connection.default_channel)
                while message := bound.get(no_ack=True):
                    found.append((message.headers["task"], message.payload[0][0]))
        return found


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Celery("test", broker="memory://", set_as_current=False) as app:
        app.conf.update(routing())
        app.conf.update(task_ignore_result=True)
        made = Bench(app)
        yield made
        made.published()


def _raising(error: BaseException) -> Callable[[Job], Stage | None]:
    def step(_: Job) -> Stage | None:
        raise error

    return step


def test_done_stage_publishes_the_next(bench: Bench) -> None:
    job_id = bench.submit()

    bench.run(str(job_id), lambda _: Stage.OCR)

    assert bench.published() == [("ocr_platform.ocr", str(job_id))]
    assert bench.repository.status(job_id).state is JobState.RUNNING


def test_message_that_redis_does_not_take_is_kept_for_beat() -> None:
    # Given nothing listens there (port 1 is the reserved tcpmux)
    with Celery("test", broker="redis://127.0.0.1:1/0", set_as_current=False) as app:
        app.conf.update(routing())
        bench = Bench(app)
        job_id = bench.submit()

        bench.run(str(job_id), lambda _: Stage.OCR)

    assert bench.repository.postponed == [(job_id, Stage.OCR)]
    assert bench.tries == 1


def test_failure_of_a_job_that_somebody_moved_on_touches_nothing(bench: Bench) -> None:
    job_id = bench.submit()
    staged = staging_key(job_id)

    def overtaken(job: Job) -> Stage | None:
        bench.repository.record_plan(job.id, "0" * 64, DocumentFormat.PDF, 1)
        bench.store.write(staged, b"somebody else's", "application/json")
        raise DocumentDamaged

    bench.run(str(job_id), overtaken)

    assert bench.repository.status(job_id).state is JobState.RUNNING
    assert staged in bench.store.objects


def test_lost_hand_over_publishes_nothing(bench: Bench) -> None:
    bench.run(str(bench.submit()), lambda _: None)

    assert bench.published() == []


@pytest.mark.parametrize("forged", ["", "not-an-id", "../../x", 7, None, ["a"], {"a": 1}, "0" * 10_000])
def test_malformed_id_is_dropped(bench: Bench, forged: object) -> None:
    bench.run(forged, lambda _: Stage.OCR)

    assert bench.tries == 0
    assert bench.published() == []


def test_unknown_job_is_dropped(bench: Bench) -> None:
    bench.run("00000000-0000-4000-8000-000000000001", lambda _: Stage.OCR)

    assert bench.tries == 0


@pytest.mark.parametrize("moved", [{"stage": Stage.OCR}, {"state": JobState.CANCELLED}, {"state": JobState.SUCCEEDED}])
def test_message_for_a_job_that_is_elsewhere_is_dropped(bench: Bench, moved: dict[str, Stage | JobState]) -> None:
    job_id = bench.submit()
    bench.repository.displace(job_id, **moved)  # type: ignore[arg-type]

    bench.run(str(job_id), lambda _: Stage.OCR)

    assert bench.tries == 0


@pytest.mark.parametrize("error", [DocumentDamaged(), SourceMissing("Own words."), EngineMissing()])
def test_error_that_stays_fails_the_job_at_once(bench: Bench, error: PlatformError) -> None:
    job_id = bench.submit()

    bench.run(str(job_id), _raising(error))

    status = bench.repository.status(job_id)
    assert bench.tries == 1
    assert status.state is JobState.FAILED
    assert status.error
    assert (status.error.code, status.error.message) == (error.code, error.message)


def test_failed_job_leaves_nothing_staged(bench: Bench) -> None:
    job_id = bench.submit()

    def step(job: Job) -> Stage | None:
        bench.store.write(staging_key(job.id), b"[]", "application/json")
        raise DocumentDamaged

    bench.run(str(job_id), step)

    assert bench.store.objects == {}


def test_job_fails_even_when_nothing_can_be_cleaned_up(bench: Bench) -> None:
    job_id = bench.submit()
    bench.store.inject("remove_all", StorageUnavailable())

    bench.run(str(job_id), _raising(DocumentDamaged()))

    assert bench.repository.status(job_id).state is JobState.FAILED


def test_transient_error_is_tried_again_and_forgotten_when_it_passes(bench: Bench) -> None:
    job_id = bench.submit()
    answers = iter([StorageUnavailable(), StorageUnavailable(), None])

    def step(_: Job) -> Stage | None:
        if error := next(answers):
            raise error
        return Stage.OCR

    bench.run(str(job_id), step)

    assert bench.tries == 3
    assert bench.repository.status(job_id).error is None
    assert bench.published() == [("ocr_platform.ocr", str(job_id))]


def test_transient_error_that_stays_fails_the_job_after_four_more_tries(bench: Bench) -> None:
    job_id = bench.submit()

    bench.run(str(job_id), _raising(StorageUnavailable()))

    status = bench.repository.status(job_id)
    assert bench.tries == 5
    assert status.error
    assert status.error.code == "storage_unavailable"


def test_database_that_is_away_at_the_start_is_tried_again(bench: Bench) -> None:
    job_id = bench.submit()
    bench.repository.inject("begin", StorageUnavailable(), times=2)

    bench.run(str(job_id), lambda _: Stage.OCR)

    assert bench.tries == 1
    assert bench.published() == [("ocr_platform.ocr", str(job_id))]


def test_unforeseen_error_fails_the_job_without_its_text(bench: Bench) -> None:
    job_id = bench.submit()

    bench.run(str(job_id), _raising(ValueError("Dear Ms Roe")))

    status = bench.repository.status(job_id)
    assert status.error
    assert status.error.code == InternalError.code
    assert "Roe" not in status.error.message


def test_stage_that_runs_into_its_time_limit_fails_the_job(bench: Bench) -> None:
    job_id = bench.submit()

    bench.run(str(job_id), _raising(SoftTimeLimitExceeded()))

    status = bench.repository.status(job_id)
    assert status.error
    assert status.error.code == "page_timeout"


def test_job_that_somebody_cancelled_meanwhile_stays_cancelled(bench: Bench) -> None:
    job_id = bench.submit()

    def step(job: Job) -> Stage | None:
        bench.repository.displace(job.id, state=JobState.CANCELLED)
        raise DocumentDamaged

    bench.run(str(job_id), step)

    assert bench.repository.status(job_id).state is JobState.CANCELLED


def test_lines_of_a_stage_carry_the_job_and_never_the_text(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    job_id = bench.submit()
    caplog.handler.setFormatter(JsonFormatter())

    with caplog.at_level(logging.INFO, "ocr_platform"):
        bench.run(str(job_id), _raising(ValueError("Dear Ms Roe")))

    lines = [json.loads(line) for line in caplog.text.splitlines() if '"ocr_platform' in line]
    assert [line["event"] for line in lines] == ["stage_crashed", "job_failed"]
    assert {line["job_id"] for line in lines} == {str(job_id)}
    assert "Roe" not in caplog.text

"""What the reaper does with what it found; how it finds it needs Postgres, and is shown in tests/integration."""

import itertools
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID, uuid4

import pytest
from celery import Celery

from ocr_platform.db.reaping import Woken
from ocr_platform.errors import StorageUnavailable
from ocr_platform.models import Stage
from ocr_platform.runtime import Runtime
from ocr_platform.settings import Settings, load_settings
from ocr_platform.staging import results_key, staging_key
from ocr_platform.steps import Pace
from ocr_platform.testing import InMemoryStore
from ocr_platform.worker.reaper import Reaper
from tests.unit.worker.support import FakeRuntime, fake_runtime


@dataclass
class Bench:
    """A reaper over fakes; it has no database."""

    fakes: FakeRuntime
    real: Runtime
    pace: Pace = field(default_factory=lambda: Pace(8, 3.0, 60.0, max_helpers=8))

    @property
    def settings(self) -> Settings:
        return self.fakes.settings

    @property
    def app(self) -> Celery:
        return self.fakes.app

    @property
    def store(self) -> InMemoryStore:
        return self.fakes.store

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def wake(self, *found: Woken) -> dict[str, int]:
        """Have the reaper deal with jobs that it found; its figures."""
        reaper = Reaper(cast(Runtime, self))
        reaper._wake("lost", lambda: list(found))
        return reaper._figures


@pytest.fixture
def bench(runtime: FakeRuntime) -> Iterator[Bench]:
    real = Runtime(runtime.settings)
    yield Bench(runtime, real)
    real.close()


@pytest.fixture
def bench_without_redis(settings: Settings) -> Iterator[Bench]:
    # Nothing listens there (port 1 is the reserved tcpmux).
    with fake_runtime(settings, broker="redis://127.0.0.1:1/0") as runtime:
        real = Runtime(settings)
        yield Bench(runtime, real)
        real.close()


def _woken(stage: Stage = Stage.FETCH_DECRYPT, *, pages_left: int | None = None, spent: bool = False) -> Woken:
    return Woken(uuid4(), "clinic", stage, 3, 2, pages_left, spent)


def _stored(store: InMemoryStore, job_id: UUID) -> None:
    store.write(staging_key(job_id), b"[]", "application/json")
    store.write(results_key("clinic", job_id, "text.txt"), b"", "text/plain")


@pytest.mark.parametrize("stage", Stage)
def test_job_that_is_found_gets_a_message_for_its_stage(bench: Bench, stage: Stage) -> None:
    woken = _woken(stage)

    assert bench.wake(woken) == {"lost": 1}

    assert bench.fakes.published() == [(f"ocr_platform.{stage}", str(woken.job_id))]


def test_long_document_that_is_found_gets_helpers_again(bench: Bench) -> None:
    woken = _woken(Stage.OCR, pages_left=24)

    bench.wake(woken)

    names = [name for name, _ in bench.fakes.published()]
    assert names == ["ocr_platform.ocr", "ocr_platform.assist", "ocr_platform.assist"]


def test_job_that_used_up_its_attempts_is_cleaned_up_after_and_not_woken(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    woken = _woken(spent=True)
    _stored(bench.store, woken.job_id)

    with caplog.at_level(logging.INFO, "ocr_platform"):
        figures = bench.wake(woken)

    assert figures == {"lost": 1, "failed": 1}
    assert bench.store.objects == {}
    assert bench.fakes.published() == []
    failed = [vars(record) for record in caplog.records if record.message == "job_failed"]
    assert [(line["job_id"], line["code"]) for line in failed] == [(str(woken.job_id), "worker_lost")]


@pytest.mark.parametrize("error", [StorageUnavailable(), TypeError("a bug")])
def test_objects_that_cannot_be_removed_keep_no_other_job_from_being_woken(bench: Bench, error: Exception) -> None:
    spent, woken = _woken(spent=True), _woken()
    bench.store.inject("remove_all", error)

    bench.wake(spent, woken)

    assert bench.fakes.published() == [("ocr_platform.fetch_decrypt", str(woken.job_id))]


def test_redis_that_does_not_answer_is_a_line_in_the_log(
    bench_without_redis: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    assert bench_without_redis.wake(_woken()) == {"lost": 1}

    lines = [(record.message, vars(record)["code"]) for record in caplog.records if record.levelno >= logging.WARNING]
    assert lines == [("message_left", "broker_unavailable")]


def test_redis_that_does_not_answer_is_not_waited_for_once_a_job(bench_without_redis: Bench) -> None:
    bench_without_redis.wake(_woken())  # what a first connection costs
    moments = [time.monotonic()]
    for count in (1, 8):
        bench_without_redis.wake(*[_woken() for _ in range(count)])
        moments.append(time.monotonic())

    one, eight = (after - before for before, after in itertools.pairwise(moments))
    assert eight < 4 * one


def test_round_without_a_database_is_a_line_in_the_log_and_no_error(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    # Given nothing listens there (port 1 is the reserved tcpmux)
    runtime = Runtime(load_settings(environ | {"DB_HOST": "127.0.0.1", "DB_PORT": "1"}))
    reaper = Reaper(runtime)

    with caplog.at_level(logging.INFO, "ocr_platform"):
        rounds = [reaper.round() for _ in range(2)]
    runtime.close()

    assert rounds == [False, False]
    lines = [(record.message, vars(record)["code"]) for record in caplog.records if record.name.startswith("ocr_")]
    assert lines == [("reaper_waits", "database_unavailable")] * 2

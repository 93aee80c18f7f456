"""Beat's clock, without its process: what it does when the reaper is due."""

import logging
import time
from collections.abc import Iterator
from typing import cast

import pytest
from celery import Celery
from celery.beat import PersistentScheduler, Scheduler

from ocr_platform.worker.beat import scheduler_of
from ocr_platform.worker.reaper import Reaper

EVERY = 0.05


class Rounds:
    """Counts rounds; the first `crashes` of them raise."""

    def __init__(self, crashes: int = 0) -> None:
        self.count = 0
        self._crashes = crashes

    def round(self) -> bool:
        self.count += 1
        if self.count <= self._crashes:
            raise RuntimeError("a bug")
        return True


@pytest.fixture
def app() -> Iterator[Celery]:
    with _app("memory://") as app:
        yield app


def _app(broker: str) -> Celery:
    app = Celery("test", broker=broker, set_as_current=False)
    app.conf.update(
        beat_schedule={"reaper": {"task": "reaper", "schedule": EVERY}},
        beat_max_loop_interval=EVERY,
        broker_connection_max_retries=1,
    )
    return app


def _scheduler(app: Celery, rounds: Rounds) -> Scheduler:
    return scheduler_of(cast(Reaper, rounds))(app=app)


def _run(scheduler: Scheduler, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(max(0.001, scheduler.tick()))


def test_round_is_run_whenever_it_is_due(app: Celery) -> None:
    rounds = Rounds()

    _run(_scheduler(app, rounds), 20 * EVERY)

    assert 3 <= rounds.count <= 21


def test_nothing_is_run_before_it_is_due(app: Celery) -> None:
    app.conf.beat_schedule["reaper"]["schedule"] = 3600
    rounds = Rounds()

    assert _scheduler(app, rounds).tick() > 0
    assert rounds.count == 0


def test_no_message_is_sent(app: Celery) -> None:
    _run(_scheduler(app, Rounds()), 4 * EVERY)

    with app.connection_for_read() as connection:
        assert app.amqp.queues["celery"](connection.default_channel).get() is None


def test_round_that_crashes_is_logged_and_the_next_one_comes(app: Celery, caplog: pytest.LogCaptureFixture) -> None:
    rounds = Rounds(crashes=1)

    with caplog.at_level(logging.ERROR, "ocr_platform"):
        _run(_scheduler(app, rounds), 20 * EVERY)

    assert rounds.count >= 3
    assert [record.message for record in caplog.records if record.name.startswith("ocr_platform")] == ["reaper_crashed"]


def test_redis_need_not_be_there() -> None:
    # Given nothing listens there (port 1 is the reserved tcpmux)
    rounds = Rounds()

    with _app("redis://127.0.0.1:1/0") as app:
        _run(_scheduler(app, rounds), 4 * EVERY)

    assert rounds.count


def test_nothing_is_remembered_in_a_file(app: Celery) -> None:
    scheduler = _scheduler(app, Rounds())

    assert not isinstance(scheduler, PersistentScheduler)
    assert scheduler.info == ""

"""The heartbeat, on a real thread, with leases of a second or two."""

import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from ocr_platform.errors import ClaimLost, DatabaseUnavailable
from ocr_platform.models import Job, JobOptions, SourceRef, Stage
from ocr_platform.testing import InMemoryRepository
from ocr_platform.worker.heart import Heart, Pulse
from ocr_platform.worker.shutdown import Shutdown
from tests.unit.support import forks, true_in_child

LEASE = 1.2
JOB = Job(uuid4(), "default", SourceRef("documents", "uploads/a", "1"), JobOptions(), Stage.OCR, 1, uuid4())


class Renewals(InMemoryRepository):
    """Notes when each claim was renewed; every renewal meets what `inject` planned."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[float] = []
        self.renewed: list[tuple[Job, float]] = []

    def renew(self, job: Job) -> None:
        self.tried.append(time.monotonic())
        self._meet("renew")
        self.renewed.append((job, time.monotonic()))


@pytest.fixture
def claims() -> Renewals:
    return Renewals()


@contextmanager
def _heart(
    claims: Renewals, lease: float = LEASE, shutdown: Shutdown | None = None, stop: float = 20.0
) -> Iterator[Heart]:
    heart = Heart(claims, lease, shutdown or Shutdown(), stop)
    try:
        yield heart
    finally:
        heart.close()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_claim_is_renewed_several_times_a_lease(claims: Renewals) -> None:
    with _heart(claims) as heart, heart.beating(JOB) as pulse:
        began = time.monotonic()
        _until(lambda: len(claims.renewed) >= 4)

    moments = [began, *(moment for _, moment in claims.renewed)]
    assert max(later - earlier for earlier, later in itertools.pairwise(moments)) < LEASE
    assert not pulse.lost


def test_short_work_costs_no_renewal(claims: Renewals) -> None:
    with _heart(claims, lease=60.0) as heart, heart.beating(JOB):
        time.sleep(0.4)

    assert claims.tried == []


def test_claim_that_is_over_is_renewed_no_more(claims: Renewals) -> None:
    with _heart(claims) as heart:
        with heart.beating(JOB):
            _until(lambda: bool(claims.renewed))
        seen = len(claims.tried)
        time.sleep(LEASE / 2)

    assert len(claims.tried) <= seen + 1  # one may have been on its way


def test_claim_is_over_when_the_work_raises(claims: Renewals) -> None:
    with _heart(claims) as heart:
        with pytest.raises(ValueError, match="a bug"), heart.beating(JOB):
            raise ValueError("a bug")

        assert heart._pulses == []


def test_claims_of_several_threads_are_all_renewed(claims: Renewals) -> None:
    others = [Job(uuid4(), "default", JOB.source, JOB.options, Stage.OCR, 1, uuid4()) for _ in range(2)]

    with _heart(claims) as heart:

        def work(job: Job) -> None:
            with heart.beating(job):
                _until(lambda: any(renewed.id == job.id for renewed, _ in claims.renewed))

        threads = [threading.Thread(target=work, args=(job,)) for job in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert {job.id for job, _ in claims.renewed} >= {job.id for job in others}


def test_lost_claim_is_flagged_and_asked_about_no_more(claims: Renewals) -> None:
    claims.inject("renew", ClaimLost())

    with _heart(claims) as heart, heart.beating(JOB) as pulse:
        _until(lambda: pulse.lost)
        time.sleep(LEASE / 2)

    assert len(claims.tried) == 1


def test_outage_of_the_database_that_is_shorter_than_the_lease_costs_nothing(claims: Renewals) -> None:
    claims.inject("renew", DatabaseUnavailable(), times=2)

    with _heart(claims, lease=3.0) as heart, heart.beating(JOB) as pulse:
        _until(lambda: bool(claims.renewed))

    assert not pulse.lost
    assert len(claims.tried) >= 3


def test_outage_that_is_longer_than_the_lease_loses_the_claim(claims: Renewals) -> None:
    claims.inject("renew", DatabaseUnavailable(), times=1000)
    began = time.monotonic()

    with _heart(claims) as heart, heart.beating(JOB) as pulse:
        _until(lambda: pulse.lost)

    assert time.monotonic() - began > LEASE


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_error_that_nobody_foresaw_does_not_end_the_heartbeat(claims: Renewals) -> None:
    claims.inject("renew", TypeError("a bug, or a pool without connections"))

    with _heart(claims) as heart, heart.beating(JOB):
        deadline = time.monotonic() + 2 * LEASE
        while not claims.renewed and time.monotonic() < deadline:
            time.sleep(0.01)

    assert claims.renewed


def test_closed_heart_has_ended_its_thread(claims: Renewals) -> None:
    with _heart(claims) as heart:
        with heart.beating(JOB):
            pass
        thread = heart._thread
        assert thread is not None

    assert not thread.is_alive()


def test_heart_that_never_beat_closes_too(claims: Renewals) -> None:
    with _heart(claims):
        pass


class TestShutdownThatCannotWait:
    @staticmethod
    @contextmanager
    def _signals() -> Iterator[list[int]]:
        """SIGUSR1 raises what Celery's own handler does; the list has one entry for each."""
        met: list[int] = []

        def raising(number: int, _frame: object) -> None:
            met.append(number)
            raise SoftTimeLimitExceeded

        before = signal.signal(signal.SIGUSR1, raising)
        try:
            yield met
        finally:
            signal.signal(signal.SIGUSR1, before)

    @staticmethod
    def _interrupted(heart: Heart, seconds: float) -> Pulse | None:
        """The pulse of work that takes so long, if it was interrupted."""
        with heart.beating(JOB) as pulse:
            try:
                time.sleep(seconds)
            except SoftTimeLimitExceeded:
                time.sleep(0.6)  # whoever cleans up is not interrupted again
                return pulse
        return None

    @forks
    def test_work_of_a_child_is_interrupted_once_when_the_time_is_over(self, claims: Renewals) -> None:
        shutdown = Shutdown()

        def look() -> bool:
            with self._signals() as met, _heart(claims, 60.0, shutdown, stop=0.5) as heart:
                shutdown.begin()
                began = time.monotonic()
                pulse = self._interrupted(heart, seconds=20)
                return pulse is not None and pulse.interrupted and len(met) == 1 and time.monotonic() - began > 0.5

        assert true_in_child(look)

    @forks
    def test_work_of_a_child_goes_on_while_there_is_time(self, claims: Renewals) -> None:
        shutdown = Shutdown()

        def look() -> bool:
            with self._signals(), _heart(claims, 60.0, shutdown, stop=30.0) as heart:
                shutdown.begin()
                return self._interrupted(heart, seconds=0.7) is None

        assert true_in_child(look)

    @forks
    def test_work_of_a_child_is_not_interrupted_while_nobody_stops(self, claims: Renewals) -> None:
        shutdown = Shutdown()

        def look() -> bool:
            with self._signals(), _heart(claims, 60.0, shutdown, stop=0.0001) as heart:
                return self._interrupted(heart, seconds=0.7) is None

        assert true_in_child(look)

    def test_work_in_the_workers_own_process_is_never_interrupted(self, claims: Renewals) -> None:
        # A signal there would end the worker, and all that its children do.
        shutdown = Shutdown()

        with self._signals() as met, _heart(claims, 60.0, shutdown, stop=0.1) as heart:
            shutdown.begin()
            assert self._interrupted(heart, seconds=0.7) is None

        assert met == []

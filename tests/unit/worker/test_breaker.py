"""A process that met a fault of the installation takes no work, and begins again by itself."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ocr_platform.errors import (
    CredentialsRefused,
    DatabaseUnavailable,
    EngineMissing,
    KeyUnusable,
    OutputNotProtected,
    PlatformError,
    StorageDenied,
    StorageUnavailable,
)
from ocr_platform.worker import breaker as module
from ocr_platform.worker.breaker import Breaker
from ocr_platform.worker.shutdown import Shutdown
from tests.unit.worker.support import BreakerBook

MADE: "list[Installation]" = []


@dataclass
class Installation:
    """What the probe finds, and how often it looked."""

    fault: PlatformError | None = None
    looks: int = 0
    entries: dict[str, str] = field(default_factory=dict)
    shutdown: Shutdown = field(default_factory=Shutdown)

    def __post_init__(self) -> None:
        MADE.append(self)

    def probe(self, _error: PlatformError) -> None:
        self.looks += 1
        if self.fault is not None:
            raise self.fault

    def breaker(self, pause: float = 0.01) -> Breaker:
        return Breaker(self.probe, BreakerBook(self.entries), self.shutdown, pause)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(module, "_TICK_SECONDS", 0.005)
    yield
    for installation in MADE:
        installation.shutdown.begin()  # ends those that watch
    MADE.clear()


def test_a_well_installation_is_not_asked_for_each_message() -> None:
    installation = Installation()

    assert installation.breaker().admits()
    assert installation.looks == 0


@pytest.mark.parametrize("fault", [KeyUnusable(), StorageDenied(), OutputNotProtected(), CredentialsRefused()])
def test_a_fault_that_the_probe_meets_too_opens_it(fault: PlatformError) -> None:
    installation = Installation(fault)
    breaker = installation.breaker()

    assert breaker.meets(fault)

    assert not breaker.admits()
    assert list(installation.entries.values()) == [fault.code]


def test_a_fault_of_one_document_does_not_open_it() -> None:
    installation = Installation()
    breaker = installation.breaker()

    assert not breaker.meets(StorageDenied())

    assert breaker.admits()
    assert installation.entries == {}


def test_an_installation_that_does_not_answer_holds_the_job_and_does_not_open_it() -> None:
    breaker = Installation(StorageUnavailable()).breaker()

    assert breaker.meets(KeyUnusable())
    assert breaker.admits()


def test_it_closes_by_itself_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    installation = Installation(KeyUnusable())
    breaker = installation.breaker()
    breaker.meets(KeyUnusable())
    assert not breaker.admits()

    installation.fault = None

    assert breaker.admits()
    assert installation.entries == {}
    assert caplog.messages[0] == "breaker_opened"
    assert caplog.messages[-1] == "breaker_closed"
    assert caplog.records[0].levelname == "ERROR"


def test_it_closes_though_no_message_comes() -> None:
    installation = Installation(KeyUnusable())
    installation.breaker().meets(KeyUnusable())

    installation.fault = None

    ends = time.monotonic() + 5
    while installation.entries and time.monotonic() < ends:
        time.sleep(0.005)
    assert installation.entries == {}


def test_a_recogniser_is_looked_for_by_the_thread_that_needs_it() -> None:
    installation = Installation(EngineMissing())
    breaker = installation.breaker(0.001)
    breaker.meets(EngineMissing())
    looks = installation.looks

    time.sleep(0.1)

    assert installation.looks == looks
    installation.fault = None
    assert breaker.admits()


def test_probes_become_rarer_down_to_a_twelfth() -> None:
    installation = Installation(KeyUnusable())
    breaker = installation.breaker(0.001)
    breaker.meets(KeyUnusable())
    for _ in range(3):
        breaker.admits()

    assert 0.012 <= breaker.wait_seconds <= 0.018
    # 0.9 s, at most one look each 12 ms; fewer on a busy machine
    assert 5 < installation.looks < 90


def test_a_second_fault_is_not_probed_while_it_is_open() -> None:
    installation = Installation(KeyUnusable())
    breaker = installation.breaker(60)
    breaker.meets(KeyUnusable())

    assert breaker.meets(StorageDenied())
    assert installation.looks == 1


def test_a_worker_that_stops_does_not_wait_for_it() -> None:
    installation = Installation(KeyUnusable())
    breaker = installation.breaker(60)
    breaker.meets(KeyUnusable())
    installation.shutdown.begin()

    began = time.monotonic()

    assert not breaker.admits()
    assert time.monotonic() - began < 0.2


def test_of_several_threads_one_looks() -> None:
    installation = Installation(KeyUnusable())
    breaker = installation.breaker(0.05)
    breaker.meets(KeyUnusable())
    installation.looks = 0

    threads = [threading.Thread(target=breaker.admits) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # 0.3 s, looks after 0.05 s and then after 0.1 s and 0.2 s
    assert 1 <= installation.looks <= 3


def test_a_database_that_is_away_does_not_keep_it_from_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr(BreakerBook, "open", away)
    monkeypatch.setattr(BreakerBook, "close", away)
    installation = Installation(KeyUnusable())
    breaker = installation.breaker()

    assert breaker.meets(KeyUnusable())
    installation.fault = None
    assert breaker.admits()


@pytest.mark.parametrize("changed", [StorageDenied(), StorageUnavailable()])
def test_it_stays_open_while_anything_is_wrong(changed: PlatformError) -> None:
    installation = Installation(KeyUnusable())
    breaker = installation.breaker()
    breaker.meets(KeyUnusable())

    installation.fault = changed

    assert not breaker.admits()
    assert list(installation.entries.values()) == [changed.code]

"""Who is refused may ask for something new, and not all the time."""

import itertools

import pytest

from ocr_platform import restraint
from ocr_platform.restraint import Restraint


class Clock:
    """Time that passes when a test says so, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(restraint, "time", clock)
    return clock


def _asked(restraint: Restraint, clock: Clock, seconds: int, *, new: bool) -> list[int]:
    """The seconds in which a source is asked that is wanted ten times a second."""
    asked = []
    for tick in range(seconds * 10):
        clock.now = tick / 10
        if restraint.allows():
            asked.append(tick // 10)
            restraint.answered(new=new)
    return asked


def test_the_first_refusal_asks_at_once(clock: Clock) -> None:
    assert Restraint().allows()


def test_while_there_is_something_new_it_is_once_a_second(clock: Clock) -> None:
    assert _asked(Restraint(), clock, 10, new=True) == list(range(10))


def test_while_there_is_nothing_new_it_is_rarer_and_at_last_once_a_minute(clock: Clock) -> None:
    asked = _asked(Restraint(), clock, 400, new=False)

    assert asked[:6] == [0, 2, 6, 14, 30, 62]
    assert {later - earlier for earlier, later in itertools.pairwise(asked[5:])} == {60}


def test_something_new_ends_the_pause(clock: Clock) -> None:
    kept = Restraint()
    _asked(kept, clock, 200, new=False)
    clock.now = 1000.0
    assert kept.allows()

    kept.answered(new=True)

    clock.now = 1001.5
    assert kept.allows()

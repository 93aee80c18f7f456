from pathlib import Path
from types import SimpleNamespace
from typing import cast

from benchmarks.speed.contenders import CONTENDERS, DEFAULT, ContenderFailed, Ground, NotInstalled, Turn
from benchmarks.speed.rounds import run_rounds, turns_of
from benchmarks.speed.usage import Usage

GROUND = cast("Ground", SimpleNamespace(pages=["one page"], files=[Path("page-0001.tif")]))


class Scripted:
    """A contender that notes its turns and ends them as it is told."""

    def __init__(self, name: str, taken: list[str], *ends: Exception | None) -> None:
        self.name = name
        self.title = name
        self._taken = taken
        self._ends = list(ends)

    def turn(self, ground: Ground) -> Turn:
        assert ground is GROUND
        self._taken.append(self.name)
        end = self._ends.pop(0) if self._ends else None
        if end is not None:
            raise end
        return Turn(Usage(1, 1, 1, 0), ["text"])


def test_each_round_begins_with_another_contender() -> None:
    taken: list[str] = []

    run_rounds(GROUND, [Scripted(name, taken) for name in "abc"], 3)

    assert "".join(taken) == "abcbcacab"
    assert turns_of(3, ["a", "b", "c"]) == ["a", "b", "c"]


def test_one_that_fails_has_no_further_turn_and_the_others_go_on() -> None:
    taken: list[str] = []
    failing = Scripted("a", taken, None, ContenderFailed("exit code 1"))

    first, second = run_rounds(GROUND, [failing, Scripted("b", taken)], 3)

    assert (first.fault, first.measured, len(first.turns)) == ("failed: exit code 1", False, 1)
    assert (second.fault, second.measured, len(second.turns)) == (None, True, 3)


def test_one_that_is_not_installed_says_so_and_is_left_out() -> None:
    taken: list[str] = []

    first, _ = run_rounds(GROUND, [Scripted("a", taken, NotInstalled("run scripts/peers")), Scripted("b", taken)], 2)

    assert first.fault == "run scripts/peers"
    assert taken.count("a") == 1


def test_default_contenders_exist() -> None:
    assert set(DEFAULT) <= set(CONTENDERS)

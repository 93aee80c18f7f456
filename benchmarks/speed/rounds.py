"""Turns, round by round: what slows the machine down meets all contenders alike."""

import sys
from collections.abc import Sequence

from benchmarks.speed.contenders import Contender, ContenderFailed, Ground, NotInstalled
from benchmarks.speed.results import Outcome


def turns_of(round_number: int, names: Sequence[str]) -> list[str]:
    """The order of a round, from 0: each begins with another contender."""
    start = round_number % len(names)
    return [*names[start:], *names[:start]]


def run_rounds(ground: Ground, contenders: Sequence[Contender], rounds: int) -> list[Outcome]:
    """Let every contender have its turn, `rounds` times over. One that fails has no further turn; the others go on."""
    count = len(ground.pages)
    outcomes = {each.name: Outcome(each.name, each.title, count) for each in contenders}
    by_name = {each.name: each for each in contenders}
    for number in range(rounds):
        for name in turns_of(number, list(by_name)):
            if outcomes[name].fault is None:
                _take_turn(ground, by_name[name], outcomes[name], number + 1)
    return list(outcomes.values())


def _take_turn(ground: Ground, contender: Contender, outcome: Outcome, number: int) -> None:
    try:
        turn = contender.turn(ground)
    except NotInstalled as exc:
        outcome.fault = str(exc)
        sys.stderr.write(f"round {number}: {contender.name}: {exc}\n")
    except ContenderFailed as exc:
        outcome.fault = f"failed: {exc}"
        sys.stderr.write(f"round {number}: {contender.name} failed: {exc}\n")
    else:
        outcome.turns.append(turn)
        seconds = turn.usage.seconds
        sys.stderr.write(
            f"round {number}: {contender.name}: {seconds:.1f} s, {outcome.pages / seconds:.3f} pages/s, "
            f"{turn.usage.cpu_seconds / outcome.pages:.2f} CPU s a page\n"
        )

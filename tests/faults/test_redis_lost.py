"""Redis forgets everything, or loses every connection, while documents are being worked on."""

import time
from collections.abc import Callable

import pytest

from tests.faults import evidence
from tests.faults.documents import Document, Undisturbed
from tests.faults.installation import STAGES, WORK_SECONDS, Installation

Finder = Callable[[Document], Undisturbed]
Rounds = Callable[[int, int], int]

DOCUMENTS = 24  # more than there are processes: some wait whenever Redis forgets
# Patience and a round of the reaper (2.5 s) for each of four messages, should each be lost.
WITHIN = WORK_SECONDS + 4 * 2.5


@pytest.mark.parametrize("kill", [False, True], ids=["SIGTERM", "SIGKILL"])
def test_redis_ends_and_comes_back_empty(
    kill: bool, installation: Installation, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    jobs = installation.fleet.submit(page, DOCUMENTS)
    for ended in range(2, 2 + rounds(1, 6)):
        installation.until_ended(ended)
        installation.fleet.ground.restart_redis(kill=kill)

    figures = installation.settle(jobs, WITHIN, expected=undisturbed_of(page))

    assert installation.logged("job_woken", why="unclaimed")
    assert_that_it_cost_no_attempt(installation, figures.max_claims)


def test_redis_is_emptied_again_and_again(
    installation: Installation, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    jobs = installation.fleet.submit(page, DOCUMENTS)
    with evidence.redis_admin(installation.fleet) as redis:
        for _ in range(rounds(3, 20)):
            time.sleep(0.4)
            redis.flushall()

    figures = installation.settle(jobs, WITHIN, expected=undisturbed_of(page))

    assert_that_it_cost_no_attempt(installation, figures.max_claims)


def test_work_goes_on_when_all_connections_are_lost(
    installation: Installation, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    jobs = installation.fleet.submit(page, DOCUMENTS)
    killed = 0
    with evidence.redis_admin(installation.fleet) as redis:
        for _ in range(rounds(4, 20)):
            time.sleep(0.5)
            killed += redis.client_kill_filter(_type="normal")
            redis.client_kill_filter(_type="pubsub")

    figures = installation.settle(jobs, WITHIN, expected=undisturbed_of(page))

    assert killed >= 8
    assert_that_it_cost_no_attempt(installation, figures.max_claims)


def assert_that_it_cost_no_attempt(installation: Installation, claims: int) -> None:
    assert claims == STAGES, "one claim a stage: what ran went on"
    assert not installation.logged("job_woken", why="lost")

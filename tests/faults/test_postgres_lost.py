"""Connections to Postgres are lost, refused or silent, and Postgres itself goes away and comes back."""

import time
from collections.abc import Callable

from tests.faults import evidence, logs
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import Fleet
from tests.faults.installation import LEASE_SECONDS, LIMIT, WORK_SECONDS, Installation
from tests.faults.invariants import check

Finder = Callable[[Document], Undisturbed]
Rounds = Callable[[int, int], int]

DOCUMENTS = 10
# A lost lease, a round of the reaper and the longest wait before a next attempt (3.2 s), each twice.
WITHIN = WORK_SECONDS + 2 * (LEASE_SECONDS + 0.5 + 3.2)


def test_connections_are_reset_again_and_again(
    installation: Installation, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    jobs = installation.fleet.submit(page, DOCUMENTS)
    lost = 0
    for _ in range(rounds(4, 30)):
        time.sleep(0.5)
        lost += installation.postgres.reset_all()

    figures = installation.settle(jobs, WITHIN, expected=undisturbed_of(page))

    assert lost >= 8
    assert figures.max_claims < 4 * LIMIT


def test_postgres_refuses_for_longer_than_a_lease(
    installation: Installation, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    seconds = rounds(int(LEASE_SECONDS) + 2, 60)
    jobs = installation.fleet.submit(page, DOCUMENTS)
    installation.until_ended(2)
    installation.postgres.refuse()
    installation.postgres.reset_all()
    time.sleep(seconds)
    installation.postgres.pass_through()

    figures = installation.settle(jobs, WITHIN, expected=undisturbed_of(page))

    assert installation.logged("message_returned"), "what cannot be claimed goes back to the queue"
    assert figures.longest_job > seconds


def test_postgres_is_restarted_and_a_worker_is_cut_off_from_it(
    make_fleet: Callable[..., Fleet], page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    # Given two workers, of which one can be cut off
    fleet = make_fleet(own_postgres=True)
    line = fleet.proxy("postgres", via="cut")
    fleet.start_worker("cut", via="cut", wait=False)
    fleet.start_worker("free", wait=False)
    fleet.start_beat()
    jobs = fleet.submit(page, 2 * DOCUMENTS)

    # When Postgres is restarted in mid-run
    for _ in range(rounds(2, 10)):
        logs.wait_until(lambda: logs.events(fleet, "cut", "stage_done"), WORK_SECONDS, "the worker works")
        time.sleep(1)
        fleet.ground.restart_postgres()
    # and then the one worker hears nothing of it for longer than its claims hold
    claimed = "SELECT count(*) FROM jobs WHERE lease_until > now()"
    logs.wait_until(lambda: _count(fleet, claimed) >= 3, WORK_SECONDS, "both workers work")
    line.black_hole()
    time.sleep(2 * LEASE_SECONDS)
    line.pass_through()

    # Then what it had was done by the other one, and it wrote nothing of it
    fleet.wait_all(jobs, WITHIN + 2 * LEASE_SECONDS)
    assert logs.events(fleet, "beat", "job_woken", why="lost")
    print(check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(page)))


def _count(fleet: Fleet, statement: str) -> int:
    return int(evidence.rows(fleet, statement)[0]["count"])

"""Workers and beats that SIGSTOP holds beyond their time, and that then go on as if nothing had happened."""

import time
from collections.abc import Callable

from tests.faults import evidence, processes
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import SHORT, Fleet
from tests.faults.frozen import WITH_RECOGNISER, freeze, freeze_recogniser, freeze_whole
from tests.faults.invariants import check
from tests.faults.logs import events, wait_until
from tests.faults.snapshots import snapshot

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
# A page staged, an output written, all staged objects removed: and nothing of it is in Postgres yet.
POINTS = ("staged", "output_written", "finishing")


def late_ends(fleet: Fleet, name: str) -> int:
    """How many claims a worker has found lost, or ended without a word to anybody."""
    return len(events(fleet, name, "claim_lost")) + len(events(fleet, name, "stage_done", next=None))


def test_a_worker_that_slept_through_its_leases_changes_nothing_when_it_wakes_up(
    make_fleet: Callable[..., Fleet], page: Document, undisturbed_of: Callable[..., Undisturbed]
) -> None:
    # Given a worker that is stopped with all its processes: in mid-page, and between each write and its statement
    fleet = make_fleet(env=WITH_RECOGNISER)
    sleepy = fleet.start_worker("sleepy", concurrency=4, crash=[fleet.crash(each, "stop_child") for each in POINTS])
    jobs = fleet.submit(page)
    freeze_recogniser(sleepy)
    jobs += fleet.submit(page, 3)
    wait_until(lambda: len(processes.stopped(sleepy)) == len(POINTS), 30, "a child is stopped at each point")
    asleep = freeze_whole(sleepy)
    started = time.monotonic()

    # When another worker takes over
    fleet.start_beat(wait=False)
    fleet.start_worker("awake")
    taken_over = fleet.wait_all(jobs, 40)
    slept = time.monotonic() - started
    done = snapshot(fleet)
    assert not events(fleet, "sleepy", "claim_lost")
    before = late_ends(fleet, "sleepy")
    processes.resume(*asleep)
    wait_until(lambda: late_ends(fleet, "sleepy") - before >= len(jobs), 30, "each of its claims has ended")
    wait_until(lambda: not evidence.queue_lengths(fleet)["unacked"], 20, "its messages are acknowledged")

    # Then no row and no output is another one, and what it staged is removed
    assert snapshot(fleet) == done
    lost = len(events(fleet, "sleepy", "claim_lost"))
    figures = check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(page, WITH_RECOGNISER["OCR_ENGINE"]))
    print(f"slept {slept:.1f} s, taken over after {taken_over:.1f} s, {lost} found their claim lost; {figures}")
    assert figures.max_claims == 5  # one lost claim each


def test_another_beat_steps_in_for_one_that_hangs_with_its_lock(
    make_fleet: Callable[..., Fleet], page: Document
) -> None:
    sweep, patience = 0.2, 1.0
    fleet = make_fleet(env={"OCR_SWEEP_SECONDS": str(sweep), "OCR_WAKE_PATIENCE_SECONDS": str(patience)})
    beats = [fleet.start_beat(name) for name in ("beat", "other")]
    pids = {processes.main_process(beat).pid: beat for beat in beats}
    wait_until(lambda: active_beat(fleet) in pids, 20, "a beat is active")
    fleet.start_worker()

    # When the active one hangs, and messages are lost
    hanging = active_beat(fleet)
    freeze(processes.main_process(pids[hanging]))
    with evidence.redis_admin(fleet) as connection:
        jobs = fleet.submit(page, 3)
        connection.flushall()
    stepped_in = wait_until(lambda: active_beat(fleet) != hanging, 20 * sweep + 5, "the other beat is active")
    seconds = fleet.wait_all(jobs, 20 * sweep + patience + 20)

    # Then it does no harm that it goes on later
    processes.resume(processes.main_process(pids[hanging]))
    jobs += fleet.submit(page, 2)
    fleet.wait_all(jobs, 20)
    figures = check(fleet, jobs, limit=LIMIT)
    print(
        f"stepped in after {stepped_in:.1f} s (20 sweeps: {20 * sweep:.0f} s), then {seconds:.1f} s for all; {figures}"
    )
    assert figures.max_claims == 4


def active_beat(fleet: Fleet) -> int:
    """The process id of the beat that made the last round; 0 before the first."""
    found = evidence.rows(fleet, "SELECT name FROM reaper")
    return int(found[0]["name"].rpartition(":")[2]) if found else 0

"""Workers are told to stop and started anew while documents run: none is lost, and none loses an attempt by it."""

import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from tests.faults import evidence, processes
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import SHORT, Fleet
from tests.faults.frozen import WITH_RECOGNISER, freeze_recogniser
from tests.faults.invariants import Figures, check
from tests.faults.logs import events, wait_until

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
STOP_SECONDS = float(SHORT["OCR_STOP_SECONDS"])
# On top of it: until the interrupted page has ended, Celery has closed its pool and Python has ended.
END_SECONDS = 8.0
# Where a child is held in the middle of each stage, and how often others come by before: a source is read twice.
POINTS = {"fetching": 2, "output_written": 0, "finishing": 0}


def lost(fleet: Fleet) -> list[dict[str, Any]]:
    """What a deploy must not cost: claims that were lost, and leases that ended without a word."""
    woken = events(fleet, "beat", "job_woken", why="lost")
    return woken + [event for name in fleet.services for event in events(fleet, name, "claim_lost")]


def claims_of(fleet: Fleet) -> dict[UUID, int]:
    return {UUID(row["id"]): row["claims"] for row in evidence.rows(fleet, "SELECT id, claims FROM jobs")}


def ready(fleet: Fleet, name: str, times: int) -> bool:
    """True when a worker of this name has become ready so often: one that is told to stop before just ends."""
    return fleet.log(name).count(" ready.") >= times


def taken_over(fleet: Fleet, jobs: list[UUID], undisturbed: Undisturbed) -> tuple[float, Figures]:
    """Let a new worker do what another left, and assert that nothing was lost by it and no attempt burned."""
    fleet.start_beat(wait=False)
    fleet.start_worker("new")
    seconds = fleet.wait_all(jobs, 30)
    assert not lost(fleet)
    return seconds, check(fleet, jobs, limit=1, expected=undisturbed)


def test_a_rolling_deploy_loses_no_document_and_no_attempt(
    make_fleet: Callable[..., Fleet],
    page: Document,
    undisturbed_of: Callable[[Document], Undisturbed],
    rounds: Callable[[int, int], int],
) -> None:
    # Given leases that no busy machine lets end
    fleet = make_fleet(env={"OCR_LEASE_SECONDS": "30"})
    names = ("one", "two")
    for name in names:
        fleet.start_worker(name)
    fleet.start_beat(wait=False)
    every, restarts = rounds(2, 5), rounds(4, 40)
    jobs = fleet.submit(page, rounds(22, 40))

    # When one of two workers after the other is told to stop and started anew
    ends, due = [], time.monotonic() + 0.5
    for number in range(restarts):
        time.sleep(max(0.0, due - time.monotonic()))
        due = time.monotonic() + every
        name = names[number % 2]
        fleet.services[name].wait_until(partial(ready, fleet, name, number // 2 + 1))
        ends.append(processes.stop(fleet.services[name], STOP_SECONDS + END_SECONDS))
        fleet.start_worker(name, wait=False)
        jobs += fleet.submit(page, rounds(2, 4))
    seconds = fleet.wait_all(jobs, 60 + rounds(0, 300))

    assert not lost(fleet)
    # A job is claimed once a stage, and once more each time that it was handed back.
    interrupted = {UUID(each["job_id"]) for name in names for each in events(fleet, name, "stage_interrupted")}
    handed_back = {
        UUID(each["job_id"]) for name in names for each in events(fleet, name, "stage_done", stage="ocr", next="ocr")
    }
    again = {job for job, claims in claims_of(fleet).items() if claims > 4}
    assert again <= interrupted | handed_back
    figures = check(fleet, jobs, limit=1, expected=undisturbed_of(page))
    spread = ", ".join(f"{end:.1f}" for end in sorted(ends))
    print(f"{restarts} stops took {spread} s; {len(again)} jobs handed back; done {seconds:.1f} s after; {figures}")
    assert figures.max_attempts == 1


def test_work_that_a_stop_cannot_wait_for_is_handed_back_from_every_stage(
    make_fleet: Callable[..., Fleet], page: Document, undisturbed_of: Callable[..., Undisturbed]
) -> None:
    # Given a worker with a page that takes for ever, and a child that stays in the middle of each other stage
    fleet = make_fleet(env=WITH_RECOGNISER | {"OCR_STOP_SECONDS": "1", "OCR_LEASE_SECONDS": "30"})
    held = [fleet.crash(point, "sleep", delay=60, skip=skipped) for point, skipped in POINTS.items()]
    worker = fleet.start_worker("old", concurrency=4, crash=held, wait=False)
    fleet.start_beat(wait=False)
    jobs = fleet.submit(page)
    freeze_recogniser(worker, 40)
    jobs += fleet.submit(page, 3)
    wait_until(lambda: all(crash.struck for crash in held), 40, "a child is held in each stage")

    # When it is told to stop, twice
    processes.main_process(worker).terminate()
    time.sleep(0.2)
    took = processes.stop(worker, 1 + END_SECONDS) + 0.2
    rows = evidence.rows(fleet, "SELECT attempts, lease_until, finished_at FROM jobs")
    interrupted = len(events(fleet, "old", "stage_interrupted"))

    # Then every claim was given back, and the next worker goes on
    assert [(row["attempts"], row["lease_until"], row["finished_at"]) for row in rows] == [(0, None, None)] * 4
    assert interrupted == 4
    fleet.start_worker("new")
    seconds = fleet.wait_all(jobs, 30)
    assert not lost(fleet)
    assert set(claims_of(fleet).values()) == {5}
    figures = check(fleet, jobs, limit=1, expected=undisturbed_of(page, WITH_RECOGNISER["OCR_ENGINE"]))
    print(f"ended {took:.1f} s after the first of two SIGTERM, all done {seconds:.1f} s later; {figures}")


def test_a_message_that_is_taken_and_not_begun_goes_back_at_once(
    make_fleet: Callable[..., Fleet], page: Document, undisturbed_of: Callable[[Document], Undisturbed]
) -> None:
    # Given a worker with one child in the middle of a job, and one that has a message and no claim yet
    fleet = make_fleet(env={"OCR_LEASE_SECONDS": "30"})
    busy, idle = fleet.crash("claimed", "sleep", delay=4), fleet.crash("message_taken", "sleep", delay=1, skip=1)
    worker = fleet.start_worker("old", concurrency=2, crash=[busy, idle])
    jobs = fleet.submit(page)
    wait_until(lambda: busy.struck, 20, "a child is in the middle of a job")
    jobs += fleet.submit(page)
    wait_until(lambda: idle.struck, 20, "a child has a message")

    # When the worker is told to stop
    processes.main_process(worker).terminate()
    returned = wait_until(lambda: evidence.queue_lengths(fleet).get("ocr.io"), 3, "the message is back")

    # Then its message waits for others while it still ends what it has
    assert worker.running()
    seconds, figures = taken_over(fleet, jobs, undisturbed_of(page))
    print(f"back {returned:.1f} s after SIGTERM, of which it slept 1 s at most; done {seconds:.1f} s later; {figures}")
    assert figures.max_claims <= 5


def test_messages_that_no_child_has_begun_on_do_not_hold_a_stop_up(
    make_fleet: Callable[..., Fleet], page: Document, undisturbed_of: Callable[[Document], Undisturbed]
) -> None:
    # Given children that the machine does not let run, with a message each in their pipes
    fleet = make_fleet(env={"OCR_LEASE_SECONDS": "30"})
    worker = fleet.start_worker("old", concurrency=2)
    held = processes.children(worker)
    for child in held:
        child.suspend()
    jobs = fleet.submit(page, 2)
    wait_until(lambda: evidence.queue_lengths(fleet)["unacked"] == len(jobs), 20, "the messages are taken")

    # When the worker is told to stop just then
    processes.main_process(worker).terminate()
    time.sleep(1)
    processes.resume(*held)
    took = processes.stop(worker, STOP_SECONDS + END_SECONDS) + 1.0

    seconds, figures = taken_over(fleet, jobs, undisturbed_of(page))
    print(f"ended {took:.1f} s after SIGTERM; done {seconds:.1f} s later; {figures}")


def test_a_worker_that_is_told_to_quit_ends_at_once(
    fleet: Fleet, page: Document, undisturbed_of: Callable[[Document], Undisturbed]
) -> None:
    held = fleet.crash("output_written", "sleep", delay=60)
    worker = fleet.start_worker("old", concurrency=2, crash=held)
    fleet.start_beat(wait=False)
    jobs = fleet.submit(page, 3)
    wait_until(lambda: held.struck, 30, "a child is held")

    processes.main_process(worker).send_signal(signal.SIGQUIT)
    took = wait_until(lambda: not worker.running(), STOP_SECONDS + END_SECONDS, "the worker has ended")

    fleet.start_worker("new")
    seconds = fleet.wait_all(jobs, 40)
    figures = check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(page))
    print(f"ended {took:.1f} s after SIGQUIT, all done {seconds:.1f} s later; {figures}")
    assert figures.max_claims <= 5

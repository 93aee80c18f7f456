"""Copies of messages: a job that somebody has stays as it is, and one that has ended too."""

import json
import time
from collections.abc import Callable
from uuid import UUID

from ocr_platform.models import Stage
from ocr_platform.workflow import ASSIST_QUEUE, ASSIST_TASK, QUEUE_OF
from tests.faults import evidence, messages, processes
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import SHORT, Fleet
from tests.faults.invariants import check
from tests.faults.logs import events, wait_until
from tests.faults.snapshots import RENEWED, snapshot

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
COPIES = 19
# Where a child is stopped in the middle of each stage.
POINTS = {
    Stage.FETCH_DECRYPT: "fetching",
    Stage.OCR: "page_started",
    Stage.ENCRYPT_UPLOAD: "output_written",
    Stage.PERSIST: "finishing",
}


def unacknowledged(fleet: Fleet) -> dict[UUID, bytes]:
    """The messages that workers have in hand, by job."""
    with evidence.redis_admin(fleet) as connection:
        taken = [json.loads(value)[0] for value in connection.hvals("unacked")]
    return {UUID(each["headers"]["root_id"]): json.dumps(each).encode() for each in taken}


def held_jobs(fleet: Fleet) -> dict[Stage, UUID]:
    found = evidence.rows(fleet, "SELECT id, stage FROM jobs WHERE lease_until > now()")
    return {Stage(row["stage"]): UUID(row["id"]) for row in found}


def dropped(fleet: Fleet, stage: Stage, job_id: UUID) -> int:
    return len(events(fleet, "worker", "message_dropped", job_id, stage=stage))


def helped_in_vain(fleet: Fleet, job_id: UUID) -> int:
    return len(events(fleet, "worker", "stage_done", job_id, next=None))


def test_of_twenty_equal_messages_one_is_worked_on_in_every_stage(
    make_fleet: Callable[..., Fleet], page: Document, undisturbed_of: Callable[[Document], Undisturbed]
) -> None:
    # Given a job in the middle of each stage, and others that have ended
    fleet = make_fleet(env={"OCR_LEASE_SECONDS": "60"})
    worker = fleet.start_worker(concurrency=5, crash=[fleet.crash(point, "stop_child") for point in POINTS.values()])
    fleet.start_beat(wait=False)
    jobs = fleet.submit(page, 6)
    wait_until(lambda: len(processes.stopped(worker)) == 4 and len(held_jobs(fleet)) == 4, 30, "a child in each stage")
    ended = "SELECT count(*) FROM jobs WHERE finished_at IS NOT NULL"
    wait_until(lambda: evidence.rows(fleet, ended)[0]["count"] == 2, 30, "all other jobs have ended")
    held, taken = held_jobs(fleet), unacknowledged(fleet)
    before = snapshot(fleet, without=RENEWED)

    # When each one's message comes nineteen times more, and as many offers to help with its page
    started = time.monotonic()
    offers = [messages.wire(ASSIST_TASK, [str(held[Stage.OCR])]) for _ in range(COPIES)]
    for stage, job_id in held.items():
        messages.push(fleet, QUEUE_OF[stage], *messages.copies(taken[job_id], COPIES))
    messages.push(fleet, ASSIST_QUEUE, *offers)
    wait_until(lambda: all(dropped(fleet, *each) == COPIES for each in held.items()), 20, "copies are dropped")
    wait_until(lambda: helped_in_vain(fleet, held[Stage.OCR]) == COPIES, 20, "offers find nothing to do")
    seconds = time.monotonic() - started

    # Then nothing changed, and all goes on when the children do
    assert snapshot(fleet, without=RENEWED) == before
    jobs += fleet.submit(page, 2)
    processes.resume(*processes.stopped(worker))
    fleet.wait_all(jobs, 30)

    # And the same messages once more change nothing of jobs that have ended
    done = snapshot(fleet)
    for stage, job_id in held.items():
        messages.push(fleet, QUEUE_OF[stage], *messages.copies(taken[job_id], COPIES), taken[job_id])
    replayed = 2 * COPIES + 1
    wait_until(lambda: all(dropped(fleet, *each) == replayed for each in held.items()), 20, "replays are dropped")
    assert snapshot(fleet) == done
    figures = check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(page))
    print(f"{5 * COPIES} copies dropped in {seconds:.2f} s, {4 * (COPIES + 1)} replays; {figures}")
    assert figures.max_claims == 4

"""Workers of two versions side by side: the older one leaves alone what it does not know."""

from collections.abc import Callable
from uuid import UUID

from ocr_platform.models import OutputFormat
from ocr_platform.outputs import builder_of
from ocr_platform.runtime import Runtime
from ocr_platform.staging import results_key
from ocr_platform.workflow import CHAIN, PROTOCOL_HEADER, PROTOCOL_VERSION, TASK_NAMES
from tests.faults import evidence, messages
from tests.faults.crash import Arming
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import SHORT, Fleet
from tests.faults.invariants import check
from tests.faults.logs import events, wait_until

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
NEWER = PROTOCOL_VERSION + 1


def submit_newer(fleet: Fleet, page: Document, count: int) -> list[UUID]:
    """Jobs and messages as an application of the next version leaves them; no worker may run yet."""
    jobs = fleet.submit(page, count)
    with evidence.database(fleet) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE jobs SET protocol = %s WHERE id = ANY(%s::uuid[])", (NEWER, list(map(str, jobs))))
    with evidence.redis_admin(fleet) as connection:
        connection.flushall()
    for job in jobs:
        messages.send(fleet, TASK_NAMES[CHAIN[0]], str(job), headers={PROTOCOL_HEADER: NEWER})
    return jobs


def write_other_text(fleet: Fleet, job: UUID) -> str:
    """An output of other bytes where a job's text will belong; its key."""
    key = results_key("default", job, builder_of(OutputFormat.TEXT).file_name)
    runtime = Runtime(fleet.settings)
    try:
        runtime.store.write(key, b"as another version builds it", "text/plain")
    finally:
        runtime.close()
    return key


def test_an_older_worker_leaves_newer_jobs_alone_and_newer_ones_finish_all(
    make_fleet: Callable[..., Fleet], page: Document, undisturbed_of: Callable[[Document], Undisturbed]
) -> None:
    fleet = make_fleet(env={"OCR_WAKE_PATIENCE_SECONDS": "1", "OCR_SWEEP_SECONDS": "0.2"})
    newer = submit_newer(fleet, page, 2)
    jobs = fleet.submit(page, 4)
    taken = write_other_text(fleet, jobs[0])

    # Given an older worker that has seen all of it
    fleet.start_worker("older")
    fleet.start_beat(wait=False)
    alone = fleet.wait_all(jobs, 30)
    wait_until(lambda: len(events(fleet, "older", "message_newer")) == len(newer), 10, "newer messages are left alone")
    rows = evidence.rows(fleet, "SELECT claims, state FROM jobs WHERE protocol = %s", NEWER)
    assert [(row["claims"], row["state"]) for row in rows] == [(0, "queued")] * len(newer)

    # When a newer one comes beside it
    fleet.start_worker("newer", crash=Arming(protocol_version=NEWER))
    more = fleet.submit(page, 3)
    together = fleet.wait_all([*newer, *more], 60)

    # Then it alone had the newer jobs, and each job was claimed once a stage
    assert not [event for job in newer for event in events(fleet, "older", "stage_done", job)]
    dropped = sum(len(events(fleet, "older", "message_dropped", job)) for job in newer)
    kept = {row["key"] for row in evidence.rows(fleet, "SELECT key FROM outputs WHERE job_id = %s", str(jobs[0]))}
    figures = check(fleet, [*newer, *jobs, *more], limit=LIMIT, expected=undisturbed_of(page))
    print(f"older alone {alone:.1f} s, both {together:.1f} s, {dropped} newer jobs dropped by the older; {figures}")
    assert figures.max_claims == 4
    # Other bytes under the usual key were not overwritten: what counts lies beside, and they are removed.
    assert taken not in kept
    (beside,) = [key for key in kept if key.endswith(f"-{taken.rpartition('/')[2]}")]
    assert beside.rpartition("/")[0] == taken.rpartition("/")[0]

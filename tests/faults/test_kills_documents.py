"""Documents whose workers are killed again and again: deadly ones come to an end, others are carried through."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from ocr_platform.crash_points import CrashPoint
from ocr_platform.models import JobState
from ocr_platform.workflow import CPU_QUEUE, IO_QUEUE
from tests.faults import evidence
from tests.faults.aftermath import assert_no_plaintext_and_tidy
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import Fleet
from tests.faults.invariants import check
from tests.faults.supervisor import Supervisor

LIMIT = 3
LEASE = 2
# More than any job may have: how often it happens is the platform's business.
ENDLESS = 99
OF_A_JOB = ("work", "results/default")


def test_a_deadly_document_fails_beside_others_and_one_that_makes_progress_is_carried_through(
    make_fleet: Callable[..., Fleet],
    rounds: Callable[[int, int], int],
    page: Document,
    long_document: Document,
    undisturbed_of: Callable[[Document], Undisturbed],
) -> None:
    # Given two deadly documents in the midst of others: one kills its process in recognition, the other one the whole
    # worker once an output is in the bucket; and a long one whose process is killed after each batch
    batch = rounds(3, 1)
    batches = long_document.pages // batch
    fleet = make_fleet(env=environment(batch))
    before, deadly, after = fleet.submit(page, 5), fleet.submit(page, 2), fleet.submit(page, 5)
    (long,) = fleet.submit(long_document)
    of_child = fleet.crash(CrashPoint.PAGE_STARTED, "kill_child", times=ENDLESS).at(deadly[0])
    of_worker = fleet.crash(CrashPoint.OUTPUT_WRITTEN, "kill_worker", times=ENDLESS).at(deadly[1])
    after_batch = fleet.crash(CrashPoint.CHECKPOINTED, "kill_child", times=ENDLESS).at(long)
    pages = fleet.crash(CrashPoint.PAGE_STARTED, "kill_child", skip=1000).at(long)  # it only counts
    supervisor = Supervisor()
    # Two workers, so that the long document does not share its own with the one that kills it whole
    io = partial(fleet.start_worker, "io", queues=IO_QUEUE, crash=of_worker, wait=False)
    cpu = partial(fleet.start_worker, "cpu", queues=CPU_QUEUE, crash=[of_child, after_batch, pages], wait=False)
    supervisor.keep(io, cpu, partial(fleet.start_beat, wait=False))
    in_bucket: list[int] = []

    def meanwhile() -> None:
        supervisor()
        in_bucket.append(sum(len(evidence.versions(fleet, f"{place}/{deadly[1]}/")) for place in OF_A_JOB))

    jobs = [*before, *deadly, *after, long]
    took = fleet.wait_all(jobs, 4 * (LIMIT + batches) * (LEASE + 2), meanwhile)

    # Then each deadly one was tried as often as is allowed, and the others succeeded
    assert (of_child.struck, of_worker.struck, supervisor.restarts) == (LIMIT, LIMIT, LIMIT)
    assert max(in_bucket) == 2  # a batch of pages and an output, of which `check` finds nothing any more
    assert_ended(fleet, deadly, [*before, *after, long])
    # And the long one, killed more often than there are attempts, had no page recognised twice
    assert after_batch.struck == batches > LIMIT
    assert pages.passed == long_document.pages
    staged = evidence.rows(fleet, "SELECT staged FROM pages WHERE job_id = %s GROUP BY staged", str(long))
    assert len(staged) == batches
    assert_no_plaintext_and_tidy(fleet)
    expected = {**dict.fromkeys([*before, *after], undisturbed_of(page)), long: undisturbed_of(long_document)}
    figures = check(fleet, jobs, limit=LIMIT, expected_states=("succeeded", "failed"), expected=expected)
    print(
        f"deadly: {of_child.struck} children and {of_worker.struck} workers, {longest(fleet, 'failed')} s until failed;"
    )
    print(f"long: killed after each of {batches} batches, {longest(fleet, 'succeeded')} s; {took:.1f} s in all")
    print(figures)


def environment(batch: int) -> dict[str, str]:
    """Few attempts, short leases, and batches that are full however slow the machine is."""
    return {
        "OCR_MAX_ATTEMPTS": str(LIMIT),
        "OCR_LEASE_SECONDS": str(LEASE),
        "OCR_SWEEP_SECONDS": "0.2",
        "OCR_MAX_HELPERS": "0",
        "OCR_BATCH_PAGES": str(batch),
        "OCR_BATCH_SECONDS": "60",
    }


def assert_ended(fleet: Fleet, deadly: list[UUID], others: list[UUID]) -> None:
    """These have used up their attempts, those have succeeded."""
    found = fleet.client.statuses([*deadly, *others])
    assert [fault.code for job in deadly if (fault := found[job].error)] == ["worker_lost"] * len(deadly)
    assert {found[job].state for job in others} == {JobState.SUCCEEDED}
    attempts = evidence.rows(fleet, "SELECT attempts FROM jobs WHERE state = 'failed'")
    assert [row["attempts"] for row in attempts] == [LIMIT] * len(deadly)


def longest(fleet: Fleet, state: str) -> float:
    """Seconds from submission to the end, the most of those that ended so."""
    statement = "SELECT max(extract(epoch FROM finished_at - created_at))::float AS most FROM jobs WHERE state = %s"
    return round(float(evidence.rows(fleet, statement, state)[0]["most"]), 1)

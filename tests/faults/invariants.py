"""The five invariants, checked on what the servers, the files and the process table say.

I1 every job is in one terminal state, and nothing waits for it any more.
I2 a job has one accepted set of outputs, and it is what an undisturbed run gives.
I3 no plaintext outside of the memory of workers.
I4 attempts are bounded.
I5 nothing is left: no process, no scratch file, no staged object.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from uuid import UUID

from tests.faults import evidence, leftovers, outputs
from tests.faults.documents import Undisturbed
from tests.faults.fleet import Fleet

_POLL_SECONDS = 0.2
# Beat publishes what is left in the outbox when it is ten seconds old; messages for ended jobs are dropped then.
_OUTBOX_SECONDS = 20.0
# Twice OCR_ORPHANS_SECONDS of a fleet, and a round of the reaper on a busy machine.
STAGED_SECONDS = 15.0
_SETTLED = {"succeeded": {"done"}, "partial": {"done", "failed"}, "failed": {"done", "failed", "pending"}}


@dataclass(frozen=True)
class Figures:
    """What was found.

    Seconds: the longest job, the waits until outbox and staged objects were gone, the slowest end of a process.
    """

    jobs: int
    states: dict[str, int]
    pages: int
    max_attempts: int
    max_claims: int
    longest_job: float
    outputs: int
    output_bytes: int
    searched_bytes: int
    outbox_wait: float
    staged_wait: float
    slowest_end: float
    unacknowledged: int

    def __str__(self) -> str:
        return ", ".join(f"{field.name} {_short(getattr(self, field.name))}" for field in fields(self))


def check(
    fleet: Fleet,
    job_ids: Sequence[UUID],
    *,
    limit: int,
    expected_states: Collection[str] = ("succeeded",),
    expected: Mapping[UUID, Undisturbed] | Undisturbed | None = None,
    processes_end: bool = True,
) -> Figures:
    """Assert all five of the jobs, which have all ended; then the fleet's processes are ended too.

    `limit` is that of attempts. `expected` is what an undisturbed run gives, of all jobs or of each. Without
    `processes_end` the processes go on, and that none of them and none of their files is left is not looked at.
    """
    try:
        return _check(fleet, job_ids, limit, expected_states, expected, processes_end)
    except AssertionError as exc:
        exc.add_note(evidence.report(fleet))
        raise


def _check(
    fleet: Fleet,
    job_ids: Sequence[UUID],
    limit: int,
    expected_states: Collection[str],
    expected: Mapping[UUID, Undisturbed] | Undisturbed | None,
    processes_end: bool,
) -> Figures:
    states = _states(fleet, job_ids, expected_states)
    outbox_wait = _wait_until_none("I1: messages in the outbox", lambda: _outbox(fleet), _OUTBOX_SECONDS)
    # Who fails a job says so first, and then removes what the job has stored.
    failed = [job_id for job_id, state in states.items() if state == "failed"]
    _wait_until_none("I2: objects of failed jobs", lambda: leftovers.results(fleet, failed), STAGED_SECONDS)
    delivered = outputs.check(fleet, states, expected)
    attempts, claims = _attempts(fleet, limit)
    staged_wait = _wait_until_none("I5: staged objects", lambda: leftovers.staged(fleet), STAGED_SECONDS)
    unacknowledged = evidence.queue_lengths(fleet)["unacked"]
    ends = fleet.end_processes() if processes_end else {}
    if processes_end:
        leftovers.check(fleet)
    return Figures(
        jobs=len(states),
        states=dict(Counter(states.values())),
        pages=evidence.rows(fleet, "SELECT count(*) FROM pages")[0]["count"],
        max_attempts=attempts,
        max_claims=claims,
        longest_job=_longest(fleet),
        outputs=delivered.count,
        output_bytes=delivered.size,
        searched_bytes=leftovers.search(fleet),
        outbox_wait=outbox_wait,
        staged_wait=staged_wait,
        slowest_end=max(ends.values(), default=0.0),
        unacknowledged=unacknowledged,
    )


def _states(fleet: Fleet, job_ids: Sequence[UUID], expected_states: Collection[str]) -> dict[UUID, str]:
    """I1, and the state of each job."""
    jobs = {UUID(row["id"]): row for row in evidence.rows(fleet, "SELECT * FROM jobs")}
    assert set(jobs) == set(job_ids), "I1: the jobs that exist are not those that were submitted"
    pages: dict[UUID, Counter[str]] = {job_id: Counter() for job_id in jobs}
    for row in evidence.rows(fleet, "SELECT job_id, state, count(*) FROM pages GROUP BY 1, 2"):
        pages[UUID(row["job_id"])][row["state"]] = row["count"]
    for job_id, job in jobs.items():
        state, found = job["state"], pages[job_id]
        assert state in expected_states, f"I1: {job_id} is {state}, {job['error_code']}"
        assert job["finished_at"] is not None, f"I1: {job_id} has no end"
        assert job["lease_until"] is None, f"I1: {job_id} has ended and somebody has its lease"
        assert (job["error_code"] is not None) == (state == "failed"), f"I1: {job_id}: {state}, {job['error_code']}"
        assert set(found) <= _SETTLED[state], f"I1: {job_id} is {state} and its pages are {found}"
        if state != "failed":
            assert found.total() == job["page_count"], f"I1: {job_id} has not all its pages"
            assert found["done"], f"I1: {job_id} is {state} without a page"
        if state == "partial":
            assert found["failed"], f"I1: {job_id} is partial and no page failed"
    return {job_id: job["state"] for job_id, job in jobs.items()}


def _outbox(fleet: Fleet) -> list[object]:
    return [row["job_id"] for row in evidence.rows(fleet, "SELECT job_id FROM outbox")]


def _attempts(fleet: Fleet, limit: int) -> tuple[int, int]:
    """I4, and the most attempts and claims of a job."""
    rows = evidence.rows(fleet, "SELECT id, attempts, claims FROM jobs ORDER BY attempts DESC")
    too_many = [row for row in rows if row["attempts"] > limit]
    assert not too_many, f"I4: more than {limit} attempts: {too_many}"
    return max((row["attempts"] for row in rows), default=0), max((row["claims"] for row in rows), default=0)


def _longest(fleet: Fleet) -> float:
    statement = "SELECT extract(epoch FROM max(finished_at - created_at)) AS seconds FROM jobs"
    return float(evidence.rows(fleet, statement)[0]["seconds"] or 0)


def _wait_until_none(what: str, find: Callable[[], Sequence[object]], seconds: float) -> float:
    """Wait until nothing is found any more; the seconds that it took."""
    started = time.monotonic()
    while found := find():
        assert time.monotonic() - started < seconds, f"{what} after {seconds} s: {found}"
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - started


def _short(value: object) -> str:
    if isinstance(value, dict):
        return "/".join(f"{count} {state}" for state, count in value.items())
    return f"{value:.1f} s" if isinstance(value, float) else str(value)

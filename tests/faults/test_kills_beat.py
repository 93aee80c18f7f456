"""kill -9 of the active beat, between what it noted and what it sent, or the other way round."""

from collections.abc import Callable
from functools import partial

from ocr_platform.crash_points import CrashPoint
from tests.faults import evidence
from tests.faults.crash import Crash
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import SHORT, Fleet
from tests.faults.invariants import check
from tests.faults.supervisor import Supervisor, wait_for

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
BEATS = ("one beat", "other beat")
# Longer than Redis is away, so that the outbox alone has work for the reaper then.
PATIENCE = 4
# The other beat asks for the lock with each round, twice a second; on a busy machine later.
TAKEN_OVER = 5.0
# A lease, a sweep, what waits for patience, and the work, in seconds; four times as long on a busy machine.
BOUND = 4 * (2 + 0.5 + PATIENCE + 2)


class Rounds:
    """What is known of the reaper's rounds: which process, and when."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._seen: set[tuple[int, float]] = set()

    def taken_over(self, crash: Crash) -> list[float]:
        """Seconds from a beat's death to the rounds of another that were seen; look often."""
        statement = "SELECT name, extract(epoch FROM round_at)::float AS at FROM reaper"
        for row in evidence.rows(self._fleet, statement):
            self._seen.add((int(row["name"].rpartition(":")[2]), row["at"]))
        return [
            at - strike.at
            for strike in crash.strikes
            for process, at in self._seen
            if at > strike.at and process != strike.process
        ]


def test_another_beat_takes_over(
    make_fleet: Callable[..., Fleet], page: Document, undisturbed_of: Callable[[Document], Undisturbed]
) -> None:
    # Given two beats, of which the active one will be killed twice
    fleet = make_fleet(env={"OCR_LEASE_SECONDS": "2", "OCR_WAKE_PATIENCE_SECONDS": str(PATIENCE)})
    published = fleet.crash(CrashPoint.REAPER_PUBLISHED, "kill_child")
    reaped = fleet.crash(CrashPoint.REAPED, "kill_child")
    rounds, supervisor = Rounds(fleet), Supervisor()
    supervisor.keep(*(partial(fleet.start_beat, name, crash=[published, reaped], wait=False) for name in BEATS))
    wait_for(lambda: all("beat: Starting" in fleet.log(name) for name in BEATS))

    # When Redis was away while documents were submitted, so that there is something in the outbox
    fleet.ground.stop_redis()
    jobs = fleet.submit(page, 2)
    fleet.ground.start_redis()
    wait_for(lambda: rounds.taken_over(published))
    supervisor()

    # And when later a worker's processes are killed, so that leases get lost
    killed = fleet.crash(CrashPoint.CLAIMED, "kill_child", times=2)
    fleet.start_worker(crash=killed, wait=False)
    jobs += fleet.submit(page, 3)
    wait_for(lambda: rounds.taken_over(reaped))
    took = fleet.wait_all(jobs, BOUND, supervisor)

    # Then the other one took over at once, each time, and all documents ended
    seconds = [round(min(rounds.taken_over(crash)), 2) for crash in (published, reaped)]
    assert (published.struck, reaped.struck, killed.struck, supervisor.restarts) == (1, 1, 2, 2)
    figures = check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(page))
    print(f"beat: taken over after {seconds} s, documents ended {took:.1f} s later\n{figures}")
    assert max(seconds) < TAKEN_OVER

"""What becomes of a struck process' sandbox, of its scratch directory and of the document that it had in hand."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import psutil

from ocr_platform.sandbox.scratch import lock_directory, remove_stale
from tests.faults import evidence
from tests.faults.crash import Crash, Strike
from tests.faults.fleet import Fleet
from tests.faults.supervisor import wait_for
from tests.processes import alive

# From the death of a worker's process to that of its host, its sandbox and its recogniser.
SANDBOX_SECONDS = 5.0


class SandboxWatch:
    """Calls of it assert that what a struck process had started ends soon after it.

    `ended` has the kinds of what did, `slowest` the seconds that it took at most.
    """

    def __init__(self, crashes: Iterable[Crash]) -> None:
        self._crashes = tuple(crashes)
        self._seen: set[tuple[float, int]] = set()
        self.ended: list[str] = []
        self.slowest = 0.0

    def __call__(self) -> None:
        for strike in (strike for crash in self._crashes for strike in crash.strikes):
            if (strike.at, strike.process) not in self._seen:
                self._seen.add((strike.at, strike.process))
                self._follow(strike)

    def _follow(self, strike: Strike) -> None:
        wait_for(lambda: not _running(strike), SANDBOX_SECONDS)
        if strike.descendants:
            self.ended += [kind for _process, kind in strike.descendants]
            self.slowest = max(self.slowest, time.time() - strike.at)


def _running(strike: Strike) -> list[psutil.Process]:
    ids = dict(strike.descendants)
    return alive(*(process for process in psutil.process_iter() if process.pid in ids))


def recoveries(fleet: Fleet, crashes: Iterable[Crash]) -> dict[str, float]:
    """For each crash, by its point, the most seconds from a strike until the job that was in hand had ended."""
    statement = "SELECT id, extract(epoch FROM finished_at)::float AS at FROM jobs"
    ended = {UUID(row["id"]): row["at"] for row in evidence.rows(fleet, statement)}
    return {
        str(crash.point): max(abs(round(ended[UUID(strike.job)] - strike.at, 1)) for strike in crash.strikes)
        for crash in crashes
    }


def assert_no_plaintext_and_tidy(fleet: Fleet) -> int:
    """Assert that no file of a worker that died is left; then do what any further sandbox does first.

    It removes scratch directories of the dead, which are empty when their sandboxes were not killed; how many.
    """
    left = [path for path in fleet.scratch.iterdir() if _is_nobodys(path)]
    files = [str(each) for path in left for each in path.rglob("*") if each.is_file()]
    assert not files, f"I3: left of workers that died: {files}"
    return remove_stale(fleet.scratch)


def _is_nobodys(scratch: Path) -> bool:
    lock = lock_directory(scratch)
    if lock is None:
        return False
    os.close(lock)
    return True

"""Workers whose clocks are hours off: leases are the database's, so nobody takes what somebody has."""

from collections.abc import Callable

from tests.faults import evidence
from tests.faults.crash import Arming
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import SHORT, Fleet
from tests.faults.invariants import check
from tests.faults.logs import events

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
HOURS = 7200.0
CLOCKS = {"ahead": HOURS, "behind": -HOURS, "right": 0.0}


def test_clocks_that_are_two_hours_off_steal_no_lease(
    make_fleet: Callable[..., Fleet],
    page: Document,
    long_document: Document,
    undisturbed_of: Callable[[Document], Undisturbed],
    rounds: Callable[[int, int], int],
) -> None:
    fleet = make_fleet(env={"OCR_LEASE_SECONDS": "10", "OCR_BATCH_PAGES": "2"})
    for name, offset in CLOCKS.items():
        fleet.start_worker(name, concurrency=1, crash=Arming(wall_clock_offset=offset), wait=False)
    fleet.start_beat(crash=Arming(wall_clock_offset=HOURS), wait=False)
    for name, service in fleet.services.items():
        if name in CLOCKS:
            service.wait_until(lambda name=name: " ready." in fleet.log(name))  # type: ignore[misc]

    letters = fleet.submit(page, rounds(6, 200))
    archives = fleet.submit(long_document, rounds(1, 10))
    fleet.wait_all([*letters, *archives], 60 + rounds(0, 400))

    # Then each stage was claimed once, by workers of each clock
    work = {name: len(events(fleet, name, "stage_done")) for name in CLOCKS}
    lost = [event for event in events(fleet, "beat", "job_woken") if event["why"] == "lost"]
    claims = evidence.rows(fleet, "SELECT claims FROM jobs WHERE page_count = 1")
    expected = dict.fromkeys(letters, undisturbed_of(page)) | dict.fromkeys(archives, undisturbed_of(long_document))
    figures = check(fleet, [*letters, *archives], limit=LIMIT, expected=expected)
    print(f"stages done {work}, leases lost {len(lost)}; {figures}")
    assert min(work.values()) > 0
    assert not lost
    assert {row["claims"] for row in claims} == {4}
    assert not any(events(fleet, name, "claim_lost") for name in CLOCKS)

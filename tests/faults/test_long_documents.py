"""Documents of many pages: helpers share them, letters overtake them, and no page is recognised twice."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults import evidence, processes
from tests.faults.documents import Document, Undisturbed, write_document
from tests.faults.fleet import SHORT, Fleet
from tests.faults.frozen import WITH_RECOGNISER
from tests.faults.invariants import check
from tests.faults.logs import events, wait_until

STOP_SECONDS = float(SHORT["OCR_STOP_SECONDS"])
END_SECONDS = 8.0
MANY = 10_000


def finished_pages(fleet: Fleet, job: object) -> dict[int, dict[str, Any]]:
    statement = "SELECT * FROM pages WHERE job_id = %s AND state <> 'pending' ORDER BY number"
    return {row["number"]: row for row in evidence.rows(fleet, statement, str(job))}


def test_helpers_share_the_pages_and_one_of_them_hands_over(
    make_fleet: Callable[..., Fleet],
    undisturbed_of: Callable[[Document], Undisturbed],
    rounds: Callable[[int, int], int],
    tmp_path: Path,
) -> None:
    fleet = make_fleet(env={"OCR_BATCH_PAGES": "2", "OCR_LEASE_SECONDS": "20"})
    pages = rounds(24, 60)
    archive = write_document(tmp_path / "archive.tif", pages=pages, seed=2)
    begun = fleet.crash("page_started", "sleep", times=MANY)  # for no time: it counts
    fleet.start_worker(concurrency=3, crash=begun)
    fleet.start_beat(wait=False)

    (job,) = fleet.submit(archive)
    seconds = fleet.wait_all([job], 60 + pages)

    # Then several children took pages, each page was taken once, and the job moved on once
    share = Counter(strike.process for strike in begun.strikes)
    tasks = Counter(strike.task.rpartition(".")[2] for strike in begun.strikes)
    done = Counter((each["stage"], each["next"]) for each in events(fleet, "worker", "stage_done", job))
    figures = check(fleet, [job], limit=1, expected=undisturbed_of(archive))
    spread = "/".join(map(str, sorted(share.values())))
    print(f"{pages} pages in {seconds:.1f} s, by child {spread}, {tasks['assist']} by helpers; {figures}")
    assert share.total() == pages
    assert len(share) > 1
    assert tasks["assist"] > 0
    assert done["ocr", "encrypt_upload"] == done["encrypt_upload", "persist"] == done["persist", None] == 1


def test_letters_overtake_an_archive_and_a_stop_costs_it_no_page(
    make_fleet: Callable[..., Fleet],
    page: Document,
    undisturbed_of: Callable[..., Undisturbed],
    rounds: Callable[[int, int], int],
    tmp_path: Path,
) -> None:
    # Given a worker of one process, and an archive that it has begun with
    slices = {"OCR_TIME_SLICE_SECONDS": "1", "OCR_BATCH_PAGES": "2", "OCR_LEASE_SECONDS": "20"}
    fleet = make_fleet(env=slices | WITH_RECOGNISER)  # the slower engine: the archive must still be there when it stops
    pages = rounds(30, 60)
    archive = write_document(tmp_path / "archive.tif", pages=pages, seed=3)
    begun = fleet.crash("page_started", "sleep", times=MANY)
    worker = fleet.start_worker("old", concurrency=1, crash=begun)
    fleet.start_beat(wait=False)
    (long,) = fleet.submit(archive)
    wait_until(lambda: begun.struck > 1, 30, "the archive is begun")

    # When a letter comes
    (letter,) = fleet.submit(page)
    waited = fleet.wait_all([letter], 30)
    left = pages - len(finished_pages(fleet, long))

    # And the worker is told to stop, and another one goes on
    took = processes.stop(worker, STOP_SECONDS + END_SECONDS)
    before = finished_pages(fleet, long)
    fleet.start_worker("new", concurrency=1, crash=begun)
    seconds = fleet.wait_all([long], 60 + pages)

    # Then what was finished stayed as it was, and no page was begun twice
    after = finished_pages(fleet, long)
    assert {number: after[number] for number in before} == before
    expected = {
        job: undisturbed_of(each, WITH_RECOGNISER["OCR_ENGINE"]) for job, each in ((letter, page), (long, archive))
    }
    figures = check(fleet, [long, letter], limit=1, expected=expected)
    print(
        f"letter done after {waited:.1f} s with {left} of {pages} pages left, stop took {took:.1f} s with "
        f"{pages - len(before)} left, the rest {seconds:.1f} s; {figures}"
    )
    assert left > 0
    assert 0 < len(before) < pages
    assert begun.struck == pages + 1

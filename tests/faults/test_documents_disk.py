"""A worker whose temporary directory is full or small: that is no fault of documents, and ends none of them.

Only the recogniser's command needs room there: tesserocr writes no file.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image

from tests.faults import disk, evidence
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import Fleet
from tests.faults.frozen import WITH_RECOGNISER
from tests.faults.invariants import check
from tests.faults.logs import events, wait_until

MIB = 1024 * 1024
# With waits of at most 0.2, 0.8, 3.2 and 12.8 seconds between them: a disk may be full for a while.
LIMIT = 5


@pytest.fixture
def small(make_fleet: Callable[..., Fleet]) -> Iterator[tuple[Fleet, Path]]:
    """A fleet, and a disk of twenty MiB beside its scratch directory."""
    fleet = make_fleet(env={"OCR_MAX_ATTEMPTS": str(LIMIT)} | WITH_RECOGNISER)
    with ExitStack() as stack:
        place = stack.enter_context(disk.small_disk(fleet.scratch.parent / "small", 20 * MIB))
        yield fleet, place
        fleet.end_processes()


def retried(fleet: Fleet) -> set[str]:
    return {event["code"] for event in events(fleet, "worker", "stage_retried")}


def test_documents_wait_while_the_disk_is_full(
    small: tuple[Fleet, Path],
    page: Document,
    undisturbed_of: Callable[..., Undisturbed],
    rounds: Callable[[int, int], int],
) -> None:
    fleet, place = small
    fleet.start_worker(env={"OCR_TEMP_DIR": str(place)})
    fleet.start_beat(wait=False)
    jobs = fleet.submit(page)
    fleet.wait_all(jobs, 30)

    # When the disk gets full, and after some seconds is free again
    disk.fill(place)
    filled = time.monotonic()
    jobs += fleet.submit(page, rounds(10, 50))
    wait_until(lambda: len(events(fleet, "worker", "stage_retried")) >= 10, 20, "documents are tried again")
    full = time.monotonic() - filled
    disk.free(place)
    seconds = fleet.wait_all(jobs, 40 + rounds(0, 120))

    # Then all succeed, with all their words
    assert retried(fleet) == {"scratch_full"}
    codes = retried(fleet)
    figures = check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(page, WITH_RECOGNISER["OCR_ENGINE"]))
    print(f"full for {full:.1f} s, all done {seconds:.1f} s later; {codes}; {figures}")
    assert disk.left_on(place) == []


def test_a_page_that_the_disk_has_no_room_for_says_so_and_fails_alone(
    small: tuple[Fleet, Path],
    page: Document,
    undisturbed_of: Callable[..., Undisturbed],
    rounds: Callable[[int, int], int],
    tmp_path: Path,
) -> None:
    # Given a page of 25 million pixels and a disk of 20 MiB
    fleet, place = small
    tries = {"OCR_MAX_ATTEMPTS": "3"}
    fleet.start_worker(env={"OCR_TEMP_DIR": str(place), **tries})
    fleet.start_beat(env=tries, wait=False)
    large_page = Image.new("L", (5000, 5000), 255)
    # Neither blank, which would need no room, nor of letters so large that it would be read reduced
    for place_of_a_letter in range(500, 4500, 30):
        large_page.paste(0, (place_of_a_letter, 2000, place_of_a_letter + 14, 2020))
    large_page.save(tmp_path / "large.png")

    large = fleet.submit(Document(tmp_path / "large.png", 1, ()))
    letters = fleet.submit(page, rounds(10, 50))
    fleet.wait_all(letters, 40 + rounds(0, 120))
    beside = fleet.client.status(large[0])
    seconds = fleet.wait_all(large, 60)

    rows = evidence.rows(fleet, "SELECT state, error_code, attempts FROM jobs WHERE id = %s", str(large[0]))
    assert [(row["state"], row["error_code"]) for row in rows] == [("failed", "scratch_full")]
    expected = dict.fromkeys(letters, undisturbed_of(page, WITH_RECOGNISER["OCR_ENGINE"]))
    figures = check(fleet, [*large, *letters], limit=LIMIT, expected_states=("succeeded", "failed"), expected=expected)
    print(f"{beside.state} when the others had ended, failed {seconds:.1f} s later; {figures}")
    assert disk.left_on(place) == []

"""Files that other people made to break decoders, and thousands that we make, as jobs: each ends once, with its code.

`tests/attacks` has the same files read by a reader alone. Here they go through S3, queues, workers and the database,
with ordinary letters in between.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

import pytest

from ocr_platform.errors import DocumentError, PageError, PlatformError, SourceEmpty, classes_by_code
from ocr_platform.local.service import Service
from tests.data.corpus import CORPUS, MISSING, good_files, hostile_files, variant
from tests.faults import leftovers, processes
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import Fleet
from tests.faults.forgetting import forget
from tests.faults.hostile import Batch, Crew, Ends, Tally
from tests.faults.invariants import check
from tests.faults.logs import wait_until
from tests.processes import network_used

MIB = 1024 * 1024
PAGE_SECONDS = 4.0
# What the worker's side grants a sandbox that does not keep to its time, and a machine with other work.
GRACE_SECONDS, MARGIN_SECONDS = 2.0, 3.0
MEMORY_BYTES = 512 * MIB
# Small limits, so that what runs into them does so soon. Nothing is lost here: no lease and no patience ends early.
LIMITS = {
    "OCR_PAGE_TIMEOUT_SECONDS": str(PAGE_SECONDS),
    "OCR_DOCUMENT_TIMEOUT_SECONDS": "20",
    "OCR_SANDBOX_MEMORY_BYTES": str(MEMORY_BYTES),
    "OCR_MAX_PAGE_PIXELS": "20000000",
    "OCR_MAX_DOCUMENT_PIXELS": "1000000000",
    "OCR_MAX_PAGE_INCHES": "50",
    "OCR_MAX_PAGES": "100",
    "OCR_RENDER_DPI": "100",
    "OCR_LEASE_SECONDS": "20",
    "OCR_WAKE_PATIENCE_SECONDS": "30",
}
CHILDREN = 2
STATES = ("succeeded", "partial", "failed")
# So many are under way at once, and gone from S3 before the next ones: with each list of versions the emulator copies
# all that is in the bucket, and keeps the copies (20 GB for a thousand documents).
BATCH = 50
LETTER = 25  # after each so many documents comes one that nobody touched
BATCH_SECONDS = 240.0

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=MISSING)


def documents(seed: int, variants: int) -> Iterator[tuple[str, bytes]]:
    """Names and bytes: one without any, all hostile files, and so many good ones made bad."""
    yield "empty", b""
    for path in hostile_files():
        yield path.name, path.read_bytes()
    good = good_files()
    for number in range(variants):
        yield variant(good, seed, number)


def codes_below(root: type[PlatformError]) -> set[str]:
    return {each.code for each in classes_by_code().values() if issubclass(each, root) and each is not root}


def warmed_up(fleet: Fleet, worker: Service, page: Document) -> Batch:
    """Letters until each child has begun one, and so has its sandboxes' host."""
    batch = Batch()
    while len(processes.sandboxes(worker)) < CHILDREN:
        assert len(batch.letters) < 20 * CHILDREN, "some child takes nothing"
        batch.letters += fleet.submit(page, CHILDREN)
        fleet.wait_all(batch.letters, BATCH_SECONDS)
    return batch


def batches(fleet: Fleet, files: Iterator[tuple[str, bytes]], page: Document) -> Iterator[Batch]:
    """Submit all with letters between them, and wait for their ends, a batch at a time."""
    while some := list(islice(files, BATCH)):
        batch = Batch()
        for number, (name, body) in enumerate(some):
            batch.submit(fleet, name, body)
            if number % LETTER == 0:
                batch.letters += fleet.submit(page)
        fleet.wait_all(batch.jobs, BATCH_SECONDS)
        yield batch


def assert_ended(ends: Ends, batch: Batch) -> None:
    """Each job has ended once, and one that failed says what its document has: never that the platform failed."""
    assert set(ends.jobs) == set(batch.jobs)
    known = codes_below(DocumentError)
    for job, row in ends.jobs.items():
        name = batch.name(job)
        assert row["state"] in STATES, name
        assert (row["error_code"] in known) == (row["state"] == "failed"), f"{name}: {row['error_code']}"
        assert ends.times_ended[job] == 1, name
    assert set(ends.page_codes) <= codes_below(PageError)
    assert set(batch.refused) <= known
    assert {ends.jobs[job]["state"] for job in batch.letters} == {"succeeded"}


def assert_in_time(ends: Ends, batch: Batch) -> None:
    """No request to a sandbox went on after its deadline."""
    for seconds, job in (ends.slowest_page, ends.slowest_opening):
        assert seconds < PAGE_SECONDS + GRACE_SECONDS + MARGIN_SECONDS, batch.name(job)


def assert_unharmed(fleet: Fleet, crew: Crew) -> None:
    """The same processes wait for more, their sandboxes are gone without a file, and nothing went over a network."""
    with suppress(AssertionError):
        wait_until(lambda: not crew.changes(), 5, "the same processes and no others")
    assert crew.changes() == []
    ours = Path("/proc/self/ns/net").readlink()
    for host in crew.hosts:
        assert Path(f"/proc/{host.pid}/ns/net").readlink() != ours
        assert network_used(host.pid) == []
    places: tuple[Path, ...] = (fleet.scratch, fleet.ground.temp)
    left = [str(path) for place in places for path in place.rglob("*") if not path.is_dir()]
    assert not left
    # One directory a host, and nothing in it.
    assert len(list(fleet.scratch.rglob("*"))) == len(crew.hosts)
    assert crew.open_files() == crew.open_at_first
    assert 0 < crew.peak <= MEMORY_BYTES


@pytest.mark.timeout(5400)
def test_each_document_ends_once_with_its_code_and_letters_between_them_are_read(
    make_fleet: Callable[..., Fleet],
    page: Document,
    undisturbed_of: Callable[[Document], Undisturbed],
    rounds: Callable[[int, int], int],
    seed: int,
) -> None:
    # Given a worker of which each process has read a letter, and an S3 of its own: see BATCH
    fleet = make_fleet(own_aws=True, env=LIMITS)
    worker = fleet.start_worker(concurrency=CHILDREN)
    fleet.start_beat(wait=False)
    letter, tally = undisturbed_of(page), Tally()
    first = warmed_up(fleet, worker, page)
    crew = Crew(worker)
    assert len(crew.children) == len(crew.hosts) == CHILDREN
    variants = rounds(75, 2000)

    # When hostile documents come, and letters with them, each ends once, in its time, and nothing of it is left
    started = time.monotonic()
    with crew.watched():
        for batch in chain([first], batches(fleet, documents(seed, variants), page)):
            ends = Ends(fleet)
            assert_ended(ends, batch)
            assert_in_time(ends, batch)
            expected = dict.fromkeys(batch.letters, letter)
            check(fleet, batch.jobs, limit=1, expected_states=STATES, expected=expected, processes_end=False)
            tally.add(batch, ends)
            forget(fleet, "results/", "uploads/")
    print(f"\nseed {seed}, {time.monotonic() - started:.1f} s, peak memory {crew.peak // MIB} MiB: {tally}")

    # Then those who did it are the same, and leave nothing either
    assert_unharmed(fleet, crew)
    fleet.end_processes()
    leftovers.check(fleet)
    assert tally.jobs - tally.letters == len(hostile_files()) + variants
    assert tally.refused == {SourceEmpty.code: 1}

"""Documents that exhaust memory or hang their recogniser or decoder: each fails alone, those beside it succeed."""

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from tests.faults import evidence
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import SHORT, Fleet
from tests.faults.frozen import WITH_RECOGNISER, freeze, freeze_recogniser
from tests.faults.invariants import check

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
PAGE_SECONDS = 6
MIB = 1024 * 1024


def write_huge_page(path: Path, side: int = 9900) -> Document:
    """A white page in colour, just under OCR_MAX_PAGE_PIXELS: a file of half a megabyte, 280 MiB when unpacked."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    size = side.to_bytes(4, "big")
    packer = zlib.compressobj(1)
    row = b"\0" + b"\xff" * (3 * side)
    packed = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    head = chunk(b"IHDR", size + size + b"\x08\x02\0\0\0")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b""))
    return Document(path, 1, ())


def codes(fleet: Fleet, jobs: Sequence[UUID]) -> set[tuple[str, str | None]]:
    """How these jobs ended: their states and codes."""
    wanted = [str(job) for job in jobs]
    found = evidence.rows(fleet, "SELECT state, error_code FROM jobs WHERE id = ANY(%s::uuid[])", wanted)
    return {(row["state"], row["error_code"]) for row in found}


def test_documents_that_exhaust_memory_or_hang_fail_alone(
    make_fleet: Callable[..., Fleet],
    page: Document,
    undisturbed_of: Callable[..., Undisturbed],
    tmp_path: Path,
    rounds: Callable[[int, int], int],
) -> None:
    # Given a document whose recogniser hangs, one whose sandbox hangs, and two that need more memory than there may be
    limits = {"OCR_PAGE_TIMEOUT_SECONDS": str(PAGE_SECONDS), "OCR_SANDBOX_MEMORY_BYTES": str(256 * MIB)}
    fleet = make_fleet(env=limits | WITH_RECOGNISER)
    worker = fleet.start_worker(concurrency=4)
    fleet.start_beat(wait=False)
    slow = fleet.submit(page)
    freeze_recogniser(worker)
    stuck = fleet.submit(page)
    sandbox = freeze_recogniser(worker).parent()
    assert sandbox is not None
    freeze(sandbox)
    huge = fleet.submit(write_huge_page(tmp_path / "huge.png"), 2)

    # When ordinary documents come with them
    letters = fleet.submit(page, rounds(10, 50))
    jobs = [*slow, *stuck, *huge, *letters]
    seconds = fleet.wait_all(jobs, 3 * PAGE_SECONDS + rounds(40, 150))

    # Then these succeed, and each of those says what was wrong with it
    assert codes(fleet, slow) == codes(fleet, stuck) == {("failed", "page_timeout")}
    assert codes(fleet, huge) == {("failed", "page_memory")}
    assert codes(fleet, letters) == {("succeeded", None)}
    expected = dict.fromkeys(letters, undisturbed_of(page, WITH_RECOGNISER["OCR_ENGINE"]))
    figures = check(fleet, jobs, limit=LIMIT, expected_states=("succeeded", "failed"), expected=expected)
    print(f"all ended within {seconds:.1f} s; {figures}")
    assert figures.max_claims == 4

"""Files that other people made to break decoders, and thousands that we make: each ends once, with its code."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from ocr_platform.errors import DocumentError, classes_by_code
from ocr_platform.sandbox.reader import SandboxReader
from tests.attacks.support import (
    GRACE_SECONDS,
    MIB,
    NOTE,
    PAGE_SECONDS,
    note_png,
    read,
    session_of,
)
from tests.data.corpus import CORPUS, MISSING, good_files, hostile_files, variant
from tests.processes import high_water, network_used, repeatedly

PAGES = 2
MEMORY_BYTES = 512 * MIB
# A machine with other work.
MARGIN_SECONDS = 3.0

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=MISSING)


@dataclass
class Tally:
    """What came of the files, and what they cost."""

    codes: Counter[str] = field(default_factory=Counter)
    files: int = 0
    slowest: float = 0.0
    slowest_file: str = ""
    peak: int = 0


@contextmanager
def watched(reader: SandboxReader, tally: Tally) -> Iterator[None]:
    """Note the most memory that any of the reader's sandboxes has resident, by the kernel's own account."""

    def look() -> None:
        sandbox = reader._keeper.sandbox
        if sandbox is not None:
            tally.peak = max(tally.peak, high_water(sandbox.pid))

    with repeatedly(look):
        yield


@contextmanager
def timed(tally: Tally, name: str) -> Iterator[None]:
    """A request, within the time that any request has."""
    started = time.monotonic()
    try:
        yield
    finally:
        took = time.monotonic() - started
        if took > tally.slowest:
            tally.slowest, tally.slowest_file = took, name
    assert took < PAGE_SECONDS + GRACE_SECONDS + MARGIN_SECONDS, name


def outcome(reader: SandboxReader, name: str, body: bytes, tally: Tally) -> str:
    """Read a file as a worker does: the code of the whole, or of its first page that has one, or `read`."""
    with reader.load([body]) as document:
        if document.format is None:
            return "format_unsupported"
        try:
            with timed(tally, name):
                count = reader.count_pages(document)
        except DocumentError as exc:
            return exc.code
        codes = []
        for number in range(1, min(count, PAGES) + 1):
            with timed(tally, name):
                codes.append(reader.recognise(document, number, ["eng"]).error)
        return next((code for code in codes if code), "read")


def all_read(reader: SandboxReader, files: Iterator[tuple[str, bytes]]) -> Tally:
    """Read files one after the other with the same reader, whose host must live through all of it."""
    tally = Tally()
    known = {each.code for each in classes_by_code().values() if issubclass(each, DocumentError)}
    reader.languages()
    assert reader._keeper.host is not None
    host = reader._keeper.host.pid
    with watched(reader, tally):
        for name, body in files:
            code = outcome(reader, name, body, tally)
            assert code in known | {"read"}, name
            tally.codes[code] += 1
            tally.files += 1
            # Its host neither died nor met a fault, and nothing of the file is left beside it
            assert reader._keeper.host is not None, name
            assert reader._keeper.host.pid == host, name
            assert list(reader._keeper.host._scratch.path.iterdir()) == [], name
    assert_idle(reader, host)
    return tally


def assert_idle(reader: SandboxReader, host: int) -> None:
    """Nothing runs on, nothing went over the network that they had, and an honest page is read."""
    assert session_of(reader) == []
    assert reader.confinement().network_namespace
    assert network_used(host) == []
    assert read(reader, note_png()).text.strip() == NOTE


def report(tally: Tally, seed: int | None = None) -> None:
    print(f"\n{tally.files} files, seed {seed}: " + ", ".join(f"{n} {code}" for code, n in tally.codes.most_common()))
    print(f"slowest request {tally.slowest:.2f} s ({tally.slowest_file}); peak memory {tally.peak // MIB} MiB")


@pytest.fixture
def small_reader(reader: SandboxReader) -> SandboxReader:
    """The fixture's, whose limits are those of this suite: 512 MiB, 2 s, 20 million pixels, 100 dpi."""
    assert reader._config.memory_bytes == MEMORY_BYTES
    return reader


def test_each_hostile_file_ends_once_with_its_code(small_reader: SandboxReader) -> None:
    paths = hostile_files()
    assert paths

    tally = all_read(small_reader, ((path.name, path.read_bytes()) for path in paths))

    report(tally)
    assert tally.files == len(paths)
    assert tally.peak <= MEMORY_BYTES


@pytest.mark.timeout(5400)
def test_each_fuzzed_variant_of_a_good_file_ends_once_with_its_code(
    small_reader: SandboxReader, rounds: Callable[[int, int], int], seed: int
) -> None:
    good = good_files()
    # Half for each engine: together 300, or 2,400 with --long
    many = rounds(150, 1200)

    tally = all_read(small_reader, (variant(good, seed, number) for number in range(many)))

    report(tally, seed)
    assert tally.files == many
    assert tally.peak <= MEMORY_BYTES

"""`kill -9` of sandboxes in mid-page: each page is right or has its own code, and no other is harmed."""

import os
import random
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from PIL import Image

from ocr_platform.models import PageResult
from ocr_platform.sandbox.reader import SandboxReader
from tests.attacks.support import session_of
from tests.data import scan_page
from tests.data.pages import tiff_bytes

# A page is killed over twice before it is given up (SandboxReader.recognise).
TRIES = 2
LINES = ("{} apples from the garden", "were brought to the old bridge", "by the master of the house.")


def page_of(number: int) -> Image.Image:
    text = "\n".join(LINES).format(1000 + number)
    return scan_page(text, dpi=150, skew=0, noise=0.02).crop((0, 0, 1000, 450))


@dataclass(eq=False)
class Killer(threading.Thread):
    """Ends the sandbox that is at work on a page, at a moment of its own choice, until it has done so often enough."""

    reader: SandboxReader
    rng: random.Random
    kills: int
    seconds: float  # between two kills, at the most
    hits: list[int] = field(default_factory=list)  # the page of each

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._begun = threading.Event()
        self._page = self._last = 0
        self._lock = threading.Lock()
        self._over = False

    def page(self, number: int) -> None:
        """The reader begins with a page; 0 when it is done with one."""
        with self._lock:
            self._page = number
        if number:
            self._begun.set()

    def end(self) -> None:
        self._over = True
        self._begun.set()
        self.join()

    def run(self) -> None:
        moment = threading.Event()  # is never set: waiting for it is letting time pass until a moment in the page
        while not self._over and len(self.hits) < self.kills:
            self._begun.wait()
            moment.wait(self.rng.uniform(0, self.seconds))
            with self._lock:
                self._strike()
                if not self._page:
                    self._begun.clear()

    def _strike(self) -> None:
        """Only while a page is being read: its process id cannot be anybody else's then (Host._end waits for it)."""
        sandbox = self.reader._keeper.sandbox
        if self._page and sandbox is not None and sandbox.pid != self._last:
            self._last = sandbox.pid
            with suppress(ProcessLookupError):
                os.kill(sandbox.pid, signal.SIGKILL)
                self.hits.append(self._page)


def read_all(reader: SandboxReader, body: bytes, pages: int, killer: Killer) -> list[PageResult]:
    results = []
    with reader.load([body]) as document:
        for number in range(1, pages + 1):
            killer.page(number)
            results.append(reader.recognise(document, number, ["eng"]))
            killer.page(0)
    return results


@pytest.mark.timeout(900)
def test_pages_whose_sandbox_is_killed_are_read_or_fail_by_their_own_code(
    reader: SandboxReader, rounds: Callable[[int, int], int], seed: int
) -> None:
    pages, kills = rounds(20, 100), rounds(10, 50)
    body = tiff_bytes([page_of(number) for number in range(pages)], (150, 150), "tiff_lzw")
    nobody = Killer(reader, random.Random(seed), 0, 0)
    right = read_all(reader, body, pages, nobody)
    assert [result.error for result in right] == [None] * pages
    assert reader._keeper.host is not None
    host = reader._keeper.host.pid

    # Moments are drawn so that the kills are spread over all of the run
    between = 2 * sum(result.seconds for result in right) / kills
    killer = Killer(reader, random.Random(seed), kills, between)
    killer.start()
    results = read_all(reader, body, pages, killer)
    while len(killer.hits) < kills:  # the document again, until there were as many
        results += read_all(reader, body, pages, killer)
    killer.end()

    report(results, killer, pages)
    assert len(killer.hits) == kills
    assert_each_right_or_crashed(results, killer, right)
    # All in one host, which lost none of its own
    assert reader._keeper.host is not None
    assert reader._keeper.host.pid == host
    assert session_of(reader) == []
    assert list(reader._keeper.host._scratch.path.iterdir()) == []


def assert_each_right_or_crashed(results: Sequence[PageResult], killer: Killer, right: Sequence[PageResult]) -> None:
    for index, result in enumerate(results):
        wanted = right[index % len(right)]
        assert result.number == wanted.number
        if result.error is None:
            assert (result.text, result.words) == (wanted.text, wanted.words)
        else:
            # Never without having been killed over as often as it was tried; a kill at the very end of a page is met
            # by the next one, whose first try it is
            assert result.error == "decoder_crash"
            assert killer.hits.count(result.number) + killer.hits.count(result.number - 1) >= TRIES


def report(results: Sequence[PageResult], killer: Killer, pages: int) -> None:
    read = sum(1 for result in results if result.error is None)
    hit = len(set(killer.hits))
    print(f"\n{len(killer.hits)} kills over {hit} of {pages} pages: {read} of {len(results)} results read, the others")
    print(f"decoder_crash: {[result.number for result in results if result.error]}")

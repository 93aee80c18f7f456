"""Readers that stay up, with real processes that speak the protocol."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.accuracy.tools import warm
from benchmarks.accuracy.tools.warm import WarmReader
from tests.unit.benchmarks.accuracy_support import identity, page

_PROGRAM = """
import os, sys, time
from benchmarks.accuracy.protocol import serve

def read(path, languages):
    said = open(path).read()
    print("a library that talks")
    if said == "fail": raise ValueError("what is wrong")
    if said == "die": print("last words", file=sys.stderr, flush=True); os._exit(3)
    if said == "hang": time.sleep(60)
    if said == "work":
        ends = time.process_time() + 0.4
        while time.process_time() < ends: pass
    return f"{said} in {languages} by {os.getpid()}"

serve(read)
"""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[WarmReader]:
    warm_up = tmp_path / "warm"
    warm_up.write_text("warm")
    made = WarmReader(identity("tool"), [sys.executable, "-c", _PROGRAM], tmp_path, tmp_path, warm_up)
    yield made
    made.close()


Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        (tmp_path / "page").write_text(text)
        return tmp_path / "page"

    return written


def test_pages_are_read_by_one_process(reader: WarmReader, write: Write, tmp_path: Path) -> None:
    first = reader.read(page(tmp_path, "a", ""), write("hello"))
    second = reader.read(page(tmp_path, "b", "", lang="deu"), write("hallo"))

    assert first.text.startswith("hello in eng by ")
    assert second.text == first.text.replace("hello in eng", "hallo in deu")
    assert (first.error, second.error) == (None, None)
    assert first.peak_bytes > 1_000_000


def test_what_is_counted_is_the_page_and_not_the_start(reader: WarmReader, write: Write, tmp_path: Path) -> None:
    work = reader.read(page(tmp_path, "a", ""), write("work"))
    idle = reader.read(page(tmp_path, "b", ""), write("x"))

    assert 0.35 < work.cpu_seconds < 0.6
    assert idle.cpu_seconds < 0.1


def test_a_page_that_fails_says_why_and_the_process_goes_on(reader: WarmReader, write: Write, tmp_path: Path) -> None:
    before = reader.read(page(tmp_path, "a", ""), write("x"))
    failed = reader.read(page(tmp_path, "b", ""), write("fail"))
    after = reader.read(page(tmp_path, "c", ""), write("x"))

    assert (failed.text, failed.error) == ("", "ValueError: what is wrong")
    assert after.text == before.text


def test_a_process_that_dies_fails_one_page_and_another_takes_its_place(
    reader: WarmReader, write: Write, tmp_path: Path
) -> None:
    before = reader.read(page(tmp_path, "a", ""), write("x"))
    died = reader.read(page(tmp_path, "b", ""), write("die"))
    after = reader.read(page(tmp_path, "c", ""), write("x"))

    assert (died.text, died.error) == ("", "the reader ended: last words")
    assert after.error is None
    assert after.text != before.text  # another process


def test_a_page_that_never_ends_is_ended(
    reader: WarmReader, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.read(page(tmp_path, "a", ""), write("x"))
    monkeypatch.setattr(warm, "PATIENCE_SECONDS", 0.3)

    hung = reader.read(page(tmp_path, "b", ""), write("hang"))

    assert hung.error is not None
    assert hung.error.startswith("the reader ended")


def test_a_program_that_does_not_start_fails_the_page(tmp_path: Path, write: Write) -> None:
    made = WarmReader(
        identity("tool"), [sys.executable, "-c", "import nothing_of_this_name"], tmp_path, tmp_path, tmp_path
    )

    assert "nothing_of_this_name" in (made.read(page(tmp_path, "a", ""), write("x")).error or "")
    made.close()


def test_nothing_is_left_when_it_is_closed(reader: WarmReader, write: Write, tmp_path: Path) -> None:
    pid = int(reader.read(page(tmp_path, "a", ""), write("x")).text.rpartition(" ")[2])
    folders = [path for path in tmp_path.iterdir() if path.is_dir()]

    reader.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert folders
    assert not any(path.exists() for path in folders)


def test_closing_does_not_wait_for_a_page(reader: WarmReader, write: Write, tmp_path: Path) -> None:
    reader.read(page(tmp_path, "a", ""), write("x"))
    started = time.monotonic()

    reader.close()
    reader.close()

    assert time.monotonic() - started < 10

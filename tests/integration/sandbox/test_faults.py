"""A page that is too slow, too large or deadly is a typed result; the next page goes on."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ocr_platform.errors import DecoderCrash
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import broken
from tests.data.pages import black_and_white, tiff_bytes
from tests.integration.sandbox.conftest import MakeReader
from tests.integration.sandbox.support import (
    MIB,
    NOTE,
    child_of,
    dense_png,
    endless_pdf,
    group_of,
    in_mid_page,
    note,
    note_png,
    read,
    wait_for,
)
from tests.processes import alive


def assert_reads_on(reader: SandboxReader) -> None:
    assert read(reader, note_png()).text.strip() == NOTE


def test_a_page_that_takes_too_long_is_a_timeout_and_nothing_runs_on(make_reader: MakeReader, scratch: Path) -> None:
    # Given a second for a page that takes several: a small one takes a fifth of a second
    reader = make_reader(page_timeout=1.0)
    reader.languages()
    child, page = child_of(reader), dense_png()
    started = time.monotonic()

    result = read(reader, page)

    # Then it ends soon, without its recogniser and its plaintext
    assert result.error == "page_timeout"
    assert (result.text, result.words) == ("", ())
    assert time.monotonic() - started < 10
    assert alive(*child.children()) == []
    assert [list(path.iterdir()) for path in scratch.iterdir()] == [[]]
    assert_reads_on(reader)


def test_a_page_that_never_leaves_the_decoder_is_a_timeout(make_reader: MakeReader) -> None:
    reader = make_reader(page_timeout=1.0)
    reader.languages()
    child = child_of(reader)

    assert read(reader, endless_pdf()).error == "page_timeout"
    assert group_of(child.pid) == []
    assert_reads_on(reader)


def test_a_child_that_does_not_answer_is_ended_with_its_recogniser(make_reader: MakeReader) -> None:
    # Given a child that hangs in mid-page
    reader = make_reader(page_timeout=1.0)
    with in_mid_page(reader, dense_png()) as (child, recogniser, results):
        child.suspend()
        recogniser.suspend()

    # Then the worker does not wait for ever, and nothing of the group is left
    assert results[0].error == "page_timeout"
    wait_for(lambda: not group_of(child.pid), seconds=2)
    # And the next page is read by a fresh child
    assert_reads_on(reader)
    assert child_of(reader) != child


def test_a_child_that_dies_in_mid_page_is_a_decoder_crash(reader: SandboxReader, scratch: Path) -> None:
    with in_mid_page(reader, dense_png()) as (child, recogniser, results):
        child.kill()

    assert results[0].error == "decoder_crash"
    wait_for(lambda: not alive(child, recogniser), seconds=2)
    assert list(scratch.iterdir()) == []
    assert_reads_on(reader)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_recogniser_that_dies_in_mid_page_is_a_page_result(number: signal.Signals, reader: SandboxReader) -> None:
    with in_mid_page(reader, dense_png()) as (child, recogniser, results):
        os.kill(recogniser.pid, number)

    assert results[0].error in ("page_memory", "decoder_crash")
    assert_reads_on(reader)
    assert child_of(reader) == child


def test_a_child_that_dies_between_pages_is_a_decoder_crash_of_one_page_at_most(reader: SandboxReader) -> None:
    # Given a child that the kernel killed while nobody asked
    assert_reads_on(reader)
    child_of(reader).kill()
    wait_for(lambda: not alive(child_of(reader)))

    with reader.load([note_png()]) as document:
        results = [reader.recognise(document, 1, ["eng"]) for _ in range(2)]

    assert results[0].error in (None, "decoder_crash")
    assert results[1].text.strip() == NOTE


def test_a_child_that_dies_while_a_document_is_counted_is_a_typed_error(reader: SandboxReader) -> None:
    reader.languages()
    with reader.load([note_png()]) as document:
        child_of(reader).kill()
        wait_for(lambda: not alive(child_of(reader)))

        with pytest.raises(DecoderCrash):
            reader.count_pages(document)
        assert reader.count_pages(document) == 1


def test_a_page_that_needs_too_much_memory_is_a_page_result(make_reader: MakeReader) -> None:
    # Given a picture of 900 million pixels and a limit on memory alone
    reader = make_reader(memory_bytes=512 * MIB, max_pixels=1_000_000_000)

    assert read(reader, broken.bomb_png()).error in ("page_memory", "decoder_crash")
    assert_reads_on(reader)


def test_a_recogniser_that_needs_too_much_memory_is_a_page_result(make_reader: MakeReader) -> None:
    # Given a page of 90 million pixels, which can be decoded within the least limit and not be recognised
    reader = make_reader(memory_bytes=256 * MIB)
    large = black_and_white(note(NOTE).resize((8000, 11300)))

    assert read(reader, tiff_bytes([large], (900, 900), "group4")).error in ("page_memory", "decoder_crash")
    assert_reads_on(reader)


class Struck(BaseException):
    """What Celery raises into a task at its time limit."""


def test_a_task_that_is_struck_in_mid_page_leaves_no_late_answer(reader: SandboxReader) -> None:
    # Given a time limit that strikes while a page is read
    def strike(_signal: int, _frame: object) -> None:
        raise Struck

    earlier = signal.signal(signal.SIGALRM, strike)
    try:
        reader.languages()
        child = child_of(reader)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(Struck):
            read(reader, dense_png())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)

    # Then the child is gone, and the next page gets its own answer
    wait_for(lambda: not group_of(child.pid), seconds=2)
    assert_reads_on(reader)


def test_limits_hold_in_the_child(make_reader: MakeReader) -> None:
    reader = make_reader(memory_bytes=512 * MIB)
    reader.languages()

    limits = limits_of(child_of(reader).pid)

    assert limits["Max address space"] == [str(512 * MIB)] * 2
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max open files"] == ["64", "64"]
    assert limits["Max file size"] == [str(2048 * MIB)] * 2


def limits_of(pid: int) -> dict[str, Sequence[str]]:
    """Soft and hard limits of a process by their names in /proc."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): line[26:].split()[:2] for line in lines}

"""A page that is too slow, too large or deadly is a typed result; the next page goes on."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from ocr_platform.errors import DecoderCrash
from ocr_platform.models import EngineName
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import broken
from tests.data.pages import black_and_white, tiff_bytes
from tests.integration.sandbox.conftest import MakeReader
from tests.integration.sandbox.support import (
    MIB,
    NOTE,
    dense_png,
    endless_pdf,
    group_of,
    host_of,
    in_mid_page,
    note,
    note_png,
    read,
    sandbox_of,
    wait_for,
)
from tests.processes import alive, kinds_below


def assert_reads_on(reader: SandboxReader) -> None:
    assert read(reader, note_png()).text.strip() == NOTE


def test_a_page_that_takes_too_long_is_a_timeout_and_nothing_runs_on(make_reader: MakeReader, scratch: Path) -> None:
    # Given a second for a page that takes several: a small one takes a fifth of a second
    reader = make_reader(page_timeout=1.0)
    reader.languages()
    host, page = host_of(reader), dense_png()
    started = time.monotonic()

    result = read(reader, page)

    # Then it ends soon, without its recogniser and its plaintext
    assert result.error == "page_timeout"
    assert (result.text, result.words) == ("", ())
    assert time.monotonic() - started < 10
    assert alive(*host.children(recursive=True)) == []
    assert [list(path.iterdir()) for path in scratch.iterdir()] == [[]]
    assert_reads_on(reader)


def test_a_page_that_never_leaves_the_decoder_is_a_timeout(make_reader: MakeReader) -> None:
    reader = make_reader(page_timeout=1.0)
    with reader.load([endless_pdf()]) as document:
        reader.count_pages(document)

        assert reader.recognise(document, 1, ["eng"]).error == "page_timeout"
        assert alive(*host_of(reader).children(recursive=True)) == []
    assert_reads_on(reader)


def test_a_sandbox_that_does_not_answer_is_ended_with_its_recogniser(make_reader: MakeReader) -> None:
    # Given a sandbox that hangs in mid-page
    reader = make_reader(page_timeout=1.0)
    with in_mid_page(reader, dense_png()) as busy:
        busy.sandbox.suspend()
        busy.recogniser.suspend()

    # Then the worker does not wait for ever, and nothing of the group is left
    assert busy.results[0].error == "page_timeout"
    assert group_of(busy.sandbox.pid) == []
    assert alive(busy.recogniser) == []
    # And the next page is read by a fresh one of the same host
    assert_reads_on(reader)
    assert host_of(reader) == busy.host


def test_a_sandbox_that_crashes_in_mid_page_is_a_decoder_crash(reader: SandboxReader, scratch: Path) -> None:
    # A decoder's own fault, and not a kill from outside
    with in_mid_page(reader, dense_png()) as busy:
        busy.sandbox.send_signal(signal.SIGSEGV)

    assert busy.results[0].error == "decoder_crash"
    assert alive(busy.sandbox, busy.recogniser) == []
    assert [list(path.iterdir()) for path in scratch.iterdir()] == [[]]
    assert_reads_on(reader)


def test_a_page_whose_sandbox_is_killed_from_outside_is_read_by_a_fresh_one(reader: SandboxReader) -> None:
    # As by the kernel, when another process takes all memory
    with in_mid_page(reader, dense_png()) as busy:
        busy.sandbox.kill()
        wait_for(lambda: not alive(busy.sandbox))

    (result,) = busy.results
    assert result.error is None
    assert len(result.words) > 500
    assert host_of(reader) == busy.host


def sandboxes_but(host: psutil.Process, one: psutil.Process) -> list[psutil.Process]:
    """Sandboxes of a host. The command that a killed one had started is the host's child, too, until it ends it."""
    return [each for each, kind in kinds_below(host).items() if kind == "sandbox" and each != one]


def test_a_page_whose_sandbox_is_killed_again_is_a_decoder_crash(reader: SandboxReader) -> None:
    # Given what happens whenever this page is read: then it may well be the page
    with in_mid_page(reader, dense_png()) as busy:
        busy.sandbox.kill()
        wait_for(lambda: sandboxes_but(busy.host, busy.sandbox)).pop().kill()

    assert busy.results[0].error == "decoder_crash"
    assert_reads_on(reader)


def test_a_host_that_dies_in_mid_page_takes_its_sandbox_along_and_the_next_page_is_read(
    reader: SandboxReader, scratch: Path
) -> None:
    with in_mid_page(reader, dense_png()) as busy:
        busy.host.kill()

    assert busy.results[0].error in (None, "decoder_crash")
    wait_for(lambda: not alive(*busy.all), seconds=5)
    assert_reads_on(reader)
    assert host_of(reader) != busy.host
    # Nothing of a page stays with what was killed
    assert not [path for path in scratch.rglob("*") if path.is_file()]


@pytest.mark.parametrize("engine", [EngineName.PYTESSERACT], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_recogniser_that_dies_in_mid_page_is_a_page_result(number: signal.Signals, reader: SandboxReader) -> None:
    with in_mid_page(reader, dense_png()) as busy:
        os.kill(busy.recogniser.pid, number)

    assert busy.results[0].error == "page_memory"
    assert_reads_on(reader)
    assert host_of(reader) == busy.host


def test_a_sandbox_that_dies_between_pages_costs_no_page(reader: SandboxReader) -> None:
    # Given a sandbox that the kernel killed while nobody asked
    with reader.load([note_png()]) as document:
        first = reader.recognise(document, 1, ["eng"])
        sandbox = sandbox_of(reader)
        sandbox.kill()
        wait_for(lambda: not alive(sandbox))

        second = reader.recognise(document, 1, ["eng"])

    assert first.text.strip() == second.text.strip() == NOTE


def test_a_host_that_dies_between_documents_costs_nothing(reader: SandboxReader) -> None:
    assert_reads_on(reader)
    host = host_of(reader)
    host.kill()
    wait_for(lambda: not alive(host))

    assert_reads_on(reader)
    assert host_of(reader) != host


def test_a_sandbox_that_dies_while_a_document_is_counted_is_a_typed_error(reader: SandboxReader) -> None:
    with reader.load([note_png()]) as document:
        reader.count_pages(document)
        sandbox = sandbox_of(reader)
        sandbox.kill()
        wait_for(lambda: not alive(sandbox))

        with pytest.raises(DecoderCrash):
            reader.count_pages(document)
        assert reader.count_pages(document) == 1


def test_a_page_that_needs_too_much_memory_is_a_page_result(make_reader: MakeReader) -> None:
    # Given a picture of 900 million pixels and a limit on memory alone
    reader = make_reader(memory_bytes=512 * MIB, max_pixels=1_000_000_000)

    assert read(reader, broken.bomb_png()).error == "page_memory"
    assert_reads_on(reader)


@pytest.mark.parametrize("mebibytes", [256, 288, 384, 512, 640])
def test_a_page_with_too_little_memory_for_its_recogniser_never_loses_text_unseen(
    mebibytes: int, make_reader: MakeReader
) -> None:
    # Given a page of 90 million pixels, and limits from far too little to nearly enough
    reader = make_reader(memory_bytes=mebibytes * MIB)
    large = note(NOTE).resize((8000, 11300))

    result = read(reader, tiff_bytes([large], (900, 900), "tiff_lzw"))

    assert (result.error, result.text) == ("page_memory", "") or (result.error is None and "museum" in result.text)
    assert mebibytes > 256 or result.error == "page_memory"
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
        host, page = host_of(reader), dense_png()
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(Struck):
            read(reader, page)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)

    # Then the processes are gone, and the next page gets its own answer
    wait_for(lambda: not group_of(host.pid), seconds=2)
    assert_reads_on(reader)


def test_a_fax_of_the_same_size_needs_an_eighth_and_is_read(make_reader: MakeReader) -> None:
    reader = make_reader(memory_bytes=512 * MIB)
    large = black_and_white(note(NOTE).resize((8000, 11300)))

    assert "museum" in read(reader, tiff_bytes([large], (900, 900), "group4")).text


def test_limits_hold_in_the_sandbox(make_reader: MakeReader, engine: EngineName) -> None:
    reader = make_reader(memory_bytes=512 * MIB)
    with reader.load([note_png()]) as document:
        reader.count_pages(document)
        limits = limits_of(sandbox_of(reader).pid)

    assert limits["Max address space"] == [str(512 * MIB)] * 2
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max cpu time"] == ["600", "601"]
    if engine is EngineName.TESSEROCR:
        # No file is ever written: what libraries say goes to a descriptor
        assert limits["Max open files"] == ["8", "8"]
        assert limits["Max file size"] == [str(64 * 1024)] * 2
    else:
        assert limits["Max open files"] == ["64", "64"]
        assert limits["Max file size"] == [str(2048 * MIB)] * 2


def limits_of(pid: int) -> dict[str, Sequence[str]]:
    """Soft and hard limits of a process by their names in /proc."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): line[26:].split()[:2] for line in lines}

"""The reader with real processes, and an engine that does what its language says: see `fake_host`."""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from ocr_platform.errors import (
    DecoderCrash,
    DocumentDamaged,
    DocumentTooLarge,
    EngineMissing,
    PasswordRequired,
    SandboxRefused,
    TooManyPages,
)
from ocr_platform.models import SandboxMode
from ocr_platform.ports import DocumentReader
from ocr_platform.sandbox import process
from ocr_platform.sandbox.confinement import Confinement
from ocr_platform.sandbox.process import Sandbox
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import broken
from tests.processes import alive
from tests.unit.sandbox.support import MIB, config, tiff

ROOT = Path(__file__).parents[3]
FAKE = ("-m", "tests.unit.sandbox.fake_host")
LIES = ("surrogate", "nul", "outside", "negative", "nan", "long")

Make = Callable[..., SandboxReader]
SetHeld = Callable[..., None]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes readers with the fake engine; keyword arguments change their limits."""
    made: list[SandboxReader] = []

    def reader(**changed: Any) -> SandboxReader:
        made.append(SandboxReader(config(**changed), tmp_path, {"PATH": "/nowhere", "PYTHONPATH": str(ROOT)}, FAKE))
        return made[-1]

    yield reader
    for each in made:
        each.close()


@pytest.fixture
def reader(make: Make) -> SandboxReader:
    return make()


@pytest.fixture
def set_held(monkeypatch: pytest.MonkeyPatch) -> SetHeld:
    """Has sandboxes say that something else holds them."""
    said = Sandbox.held

    def change(**changed: Any) -> None:
        def says(sandbox: Sandbox, seconds: float) -> Confinement:
            return replace(said(sandbox, seconds), **changed)

        monkeypatch.setattr(Sandbox, "held", says)

    return change


def statuses_of_lost_hosts(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [vars(record)["status"] for record in caplog.records if record.message == "sandbox_host_lost"]


def read(reader: SandboxReader, language: str = "eng", number: int = 1) -> str:
    """What became of a page of 20 pixels: an error's code, or the text without the sandbox's process id."""
    with reader.load([tiff(20, 30)]) as document:
        result = reader.recognise(document, number, [language])
    return result.error or " ".join(result.text.split()[:2])


def sandbox_of(reader: SandboxReader) -> int:
    assert reader._keeper.sandbox
    return reader._keeper.sandbox.pid


def host_of(reader: SandboxReader) -> int:
    assert reader._keeper.host
    return reader._keeper.host.pid


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and bool(alive(psutil.Process(pid)))


def kill(pid: int) -> None:
    """SIGKILL, and wait until it has ended: what depends on it is told then."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not runs(pid))


def wait_until(found: Callable[[], bool], seconds: float = 5.0) -> None:
    ends = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_reader_is_what_the_steps_ask_for(reader: SandboxReader) -> None:
    port: DocumentReader = reader

    assert port is reader


def test_documents_are_counted_one_after_the_other(reader: SandboxReader) -> None:
    for pages in (1, 3, 2):
        with reader.load([tiff(*[20] * pages)]) as document:
            assert reader.count_pages(document) == pages


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (broken.damaged_pdf(), DocumentDamaged),
        (broken.password_pdf(), PasswordRequired),
        (broken.many_pages_pdf(), TooManyPages),
    ],
)
def test_fault_of_a_document_is_raised_here(reader: SandboxReader, body: bytes, error: type[Exception]) -> None:
    with reader.load([body]) as document, pytest.raises(error):
        reader.count_pages(document)


def test_document_whose_pages_are_too_large_together_is_refused(make: Make) -> None:
    reader = make(max_document_pixels=499)  # two pages of 200 and of 300

    with reader.load([tiff(20, 30)]) as document, pytest.raises(DocumentTooLarge):
        reader.count_pages(document)


def test_damaged_page_is_a_result(reader: SandboxReader) -> None:
    with reader.load([broken.damaged_png()]) as document:
        assert reader.recognise(document, 1, ["eng"]).error == "page_damaged"


def test_page_is_read_with_the_languages_that_were_asked_for(reader: SandboxReader) -> None:
    with reader.load([tiff(20, 30)]) as document:
        result = reader.recognise(document, 2, ["eng", "deu"])

    assert result.text.split()[:2] == ["eng+deu", "30"]
    assert (result.number, result.width, result.height, result.dpi) == (2, 30, 10, 200)
    assert [word.text for word in result.words] == ["Lorem"]
    assert 0 < result.seconds < 20


def test_models_are_known(reader: SandboxReader) -> None:
    assert reader.languages() == {"deu", "eng"}


def test_missing_recogniser_is_raised(tmp_path: Path) -> None:
    # Given the real host, and neither a command nor a model
    reader = SandboxReader(config(), tmp_path, {"PATH": str(tmp_path), "TESSDATA_PREFIX": str(tmp_path)})

    with pytest.raises(EngineMissing):
        reader.languages()
    with reader.load([tiff(1)]) as document:
        with pytest.raises(EngineMissing):
            reader.count_pages(document)
        with pytest.raises(EngineMissing):
            reader.recognise(document, 1, ["eng"])
    reader.close()


def test_model_that_does_not_load_is_told_before_the_document_is_looked_at(reader: SandboxReader) -> None:
    with reader.load([broken.damaged_png()]) as document, pytest.raises(EngineMissing):
        reader.recognise(document, 1, ["missing"])


class TestOneSandboxADocument:
    def test_pages_of_a_document_share_it_and_it_ends_with_the_document(self, reader: SandboxReader) -> None:
        with reader.load([tiff(20, 30)]) as document:
            pids = {reader.recognise(document, number, ["eng"]).text.split()[2] for number in (1, 2, 1)}
            assert pids == {str(sandbox_of(reader))}
            host = host_of(reader)
        assert reader._keeper.sandbox is None
        assert not runs(int(pids.pop()))
        assert host_of(reader) == host
        assert runs(host)

    def test_another_document_is_never_seen_by_a_sandbox_that_saw_one(self, reader: SandboxReader) -> None:
        # Given two documents that are open at once
        with reader.load([tiff(20)]) as first, reader.load([tiff(20)]) as second:
            pids = [reader.recognise(each, 1, ["eng"]).text.split()[2] for each in (first, second, first)]

        assert len(set(pids)) == 3

    def test_other_models_are_loaded_outside_of_it(self, reader: SandboxReader) -> None:
        with reader.load([tiff(20)]) as document:
            pids = [reader.recognise(document, 1, [name]).text.split()[2] for name in ("eng", "deu")]

        assert len(set(pids)) == 2

    def test_it_is_replaced_after_so_many_pages(self, make: Make) -> None:
        reader = make(recycle_pages=2)

        with reader.load([tiff(20)]) as document:
            pids = [reader.recognise(document, 1, ["eng"]).text.split()[2] for _ in range(5)]

        assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [2, 2, 1]

    def test_it_is_replaced_when_it_has_become_too_large(self, make: Make) -> None:
        reader = make(recycle_bytes=150 * MIB)

        with reader.load([tiff(20)]) as document:
            reader.recognise(document, 1, ["eng"])
            small = sandbox_of(reader)
            assert reader.recognise(document, 1, ["keep"]).text == "kept"
            assert reader._keeper.sandbox is None
            reader.recognise(document, 1, ["eng"])
            assert sandbox_of(reader) != small

    def test_document_of_another_reader_is_refused(self, reader: SandboxReader) -> None:
        from ocr_platform.testing import FakeReader

        with FakeReader().load([b"%PDF"]) as document, pytest.raises(TypeError):
            reader.count_pages(document)


class TestFaults:
    @pytest.mark.parametrize(
        ("language", "code"),
        [
            ("segfault", "decoder_crash"),
            ("exit", "decoder_crash"),
            ("unforeseen", "decoder_crash"),
            ("grow", "page_memory"),
            ("complain", "page_memory"),
            ("timeout", "page_timeout"),
            ("refuse", "recognition_failed"),
        ],
    )
    def test_fault_is_a_result_and_the_next_page_goes_on(self, reader: SandboxReader, language: str, code: str) -> None:
        assert read(reader, language) == code
        assert read(reader) == "eng 20"

    @pytest.mark.parametrize("lie", LIES)
    def test_lie_is_a_crash_of_the_page_and_ends_the_sandbox(self, reader: SandboxReader, lie: str) -> None:
        with reader.load([tiff(20)]) as document:
            assert reader.recognise(document, 1, [lie]).error == "decoder_crash"
            assert reader._keeper.sandbox is None
            assert reader.recognise(document, 1, ["eng"]).error is None

    def test_page_that_hangs_is_a_timeout_and_the_sandbox_ends(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given an engine that does not keep to its time, and a worker with little patience beyond it
        monkeypatch.setattr("ocr_platform.sandbox.keeper._GRACE_SECONDS", 0.2)
        reader = make(page_timeout=1.0)
        started = time.monotonic()

        with reader.load([tiff(20)]) as document:
            reader.count_pages(document)
            assert reader.recognise(document, 1, ["sleep"]).error == "page_timeout"
            assert time.monotonic() - started < 10
            assert reader._keeper.sandbox is None
            assert reader.recognise(document, 1, ["eng"]).error is None

    def test_sandbox_that_is_stopped_is_a_timeout_and_ends(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ocr_platform.sandbox.keeper._GRACE_SECONDS", 0.0)
        reader = make(page_timeout=1.0)
        with reader.load([tiff(20)]) as document:
            reader.recognise(document, 1, ["eng"])
            stopped = sandbox_of(reader)
            os.kill(stopped, signal.SIGSTOP)

            assert reader.recognise(document, 1, ["eng"]).error == "page_timeout"
            assert not runs(stopped)
            assert reader.count_pages(document) == 1

    def test_document_that_has_used_up_its_time_of_the_processor_is_a_timeout(self, make: Make) -> None:
        reader = make(document_timeout=1.0)

        assert read(reader, "spin") == "page_timeout"
        assert read(reader) == "eng 20"


class TestKills:
    def test_sandbox_that_was_killed_costs_nothing(
        self, reader: SandboxReader, caplog: pytest.LogCaptureFixture
    ) -> None:
        # As by the kernel, when memory is short: it may have been anybody's page
        with reader.load([tiff(20)]) as document:
            reader.recognise(document, 1, ["eng"])
            killed = sandbox_of(reader)
            kill(killed)

            assert reader.recognise(document, 1, ["eng"]).error is None
            assert sandbox_of(reader) != killed
        assert "sandbox_killed" in [record.message for record in caplog.records]

    def test_sandbox_that_was_killed_while_pages_are_counted_is_a_crash(self, reader: SandboxReader) -> None:
        with reader.load([tiff(20)]) as document:
            reader.count_pages(document)
            kill(sandbox_of(reader))

            with pytest.raises(DecoderCrash):
                reader.count_pages(document)
            assert reader.count_pages(document) == 1

    def test_host_that_was_killed_is_replaced_and_its_sandbox_dies_with_it(self, reader: SandboxReader) -> None:
        with reader.load([tiff(20)]) as document:
            reader.recognise(document, 1, ["eng"])
            host, sandbox = host_of(reader), sandbox_of(reader)
            kill(host)
            wait_until(lambda: not runs(sandbox))

            results = [reader.recognise(document, 1, ["eng"]).error for _ in range(2)]

            # The page that finds out may have been the one that ended it
            assert results[0] in (None, "decoder_crash")
            assert results[1] is None
            assert host_of(reader) != host

    def test_host_that_was_killed_between_documents_is_nobodys_fault(
        self, reader: SandboxReader, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert read(reader) == "eng 20"
        kill(host_of(reader))

        assert read(reader) == "eng 20"
        assert statuses_of_lost_hosts(caplog) == [-signal.SIGKILL]

    def test_host_that_does_not_start_is_a_missing_engine_and_the_log_says_how_it_ended(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        reader = SandboxReader(config(), tmp_path, {}, ("-c", "raise SystemExit(3)"))

        with pytest.raises(EngineMissing):
            reader.languages()
        reader.close()
        assert list(tmp_path.iterdir()) == []
        assert statuses_of_lost_hosts(caplog) == [3, 3]

    def test_host_that_does_not_answer_is_a_missing_engine_and_the_log_says_that_it_runs(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process, "_HOST_SECONDS", 0.5)
        reader = SandboxReader(config(), tmp_path, {}, ("-c", "import time; time.sleep(60)"))

        with pytest.raises(EngineMissing):
            reader.languages()
        assert statuses_of_lost_hosts(caplog) == [None]

    def test_host_is_gone_even_if_a_time_limit_strikes_while_its_end_is_waited_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def struck(_host: process.SandboxHost) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(process, "_HOST_SECONDS", 0.5)
        monkeypatch.setattr(process.SandboxHost, "status", struck)
        reader = SandboxReader(config(), tmp_path, {}, ("-c", "import time; time.sleep(60)"))

        with pytest.raises(KeyboardInterrupt):
            reader.languages()

        assert reader._keeper.host is None
        assert list(tmp_path.iterdir()) == []

    def test_host_that_dies_each_time_is_a_missing_engine(self, reader: SandboxReader) -> None:
        with reader.load([tiff(20)]) as document, pytest.raises(EngineMissing):
            reader.recognise(document, 1, ["die"])

    def test_nothing_is_left_after_closing(self, reader: SandboxReader, tmp_path: Path) -> None:
        with reader.load([tiff(20)]) as document:
            reader.recognise(document, 1, ["eng"])
            pids = [host_of(reader), sandbox_of(reader)]
            assert list(tmp_path.glob("ocr-sandbox-*"))

            reader.close()

        assert list(tmp_path.glob("ocr-sandbox-*")) == []
        wait_until(lambda: not any(map(runs, pids)))


class TestWhatHolds:
    def test_host_and_sandbox_see_nothing_of_the_workers_environment(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DB_PASSWORD", "hush-hush")
        reader = make()
        with reader.load([tiff(20)]) as document:
            reader.count_pages(document)
            seen = [Path(f"/proc/{pid}/environ").read_bytes() for pid in (host_of(reader), sandbox_of(reader))]

        for environment in seen:
            assert b"hush-hush" not in environment
            names = {line.partition(b"=")[0] for line in environment.split(b"\0") if line}
            assert names <= {b"PATH", b"PYTHONPATH", b"TMPDIR", b"LC_CTYPE"} | {
                b"OPENBLAS_NUM_THREADS",
                b"ORT_DISABLE_TELEMETRY",
                b"TZ",
            }

    def test_sandbox_is_limited(self, reader: SandboxReader) -> None:
        with reader.load([tiff(20)]) as document:
            reader.count_pages(document)
            limits = Path(f"/proc/{sandbox_of(reader)}/limits").read_text(encoding="ascii")
        found = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()[1:]}

        assert found["Max address space"] == [str(1024 * MIB)] * 2
        assert found["Max core file size"] == ["0", "0"]
        assert found["Max open files"] == ["8", "8"]
        assert found["Max file size"] == [str(64 * 1024)] * 2
        assert found["Max cpu time"] == ["60", "61"]

    def test_sandbox_has_nothing_open_but_its_channel_and_its_document(self, reader: SandboxReader) -> None:
        with reader.load([tiff(20)]) as document:
            reader.count_pages(document)
            folder = Path(f"/proc/{sandbox_of(reader)}/fd")
            opened = {int(path.name): str(path.readlink()) for path in folder.iterdir()}

        assert sorted(opened) == [0, 1, 2, 3, 4]
        assert opened[0] == opened[1] == "/dev/null"
        assert opened[2].startswith("/memfd:complaints")
        assert opened[3].startswith("socket:")
        assert opened[4].startswith("/memfd:document")

    def test_page_that_needs_more_memory_than_allowed_is_a_result(self, make: Make) -> None:
        # Given a page of 900 million pixels which is allowed, in a process that may not have as many bytes
        reader = make(memory_bytes=512 * MIB, max_pixels=1_000_000_000)

        with reader.load([broken.bomb_png()]) as document:
            assert reader.recognise(document, 1, ["eng"]).error == "page_memory"

    def test_reader_tells_what_holds_before_there_is_a_document(self, reader: SandboxReader) -> None:
        held = reader.confinement()

        assert held.no_new_privs
        assert not held.programs
        assert reader.confinement() is held

    @pytest.mark.parametrize(
        ("missing", "level"),
        [({"landlock": 0}, logging.INFO), ({"landlock": 0, "seccomp": False}, logging.WARNING)],
    )
    def test_what_the_kernel_does_not_offer_is_told_and_is_a_warning_when_a_door_is_open(
        self, make: Make, set_held: SetHeld, caplog: pytest.LogCaptureFixture, missing: dict[str, Any], level: int
    ) -> None:
        set_held(**missing)
        caplog.set_level(logging.INFO)
        reader = make()

        assert [read(reader), read(reader)] == ["eng 20", "eng 20"]

        # Once a worker, and not once a document
        (record,) = [record for record in caplog.records if record.message == "sandbox_incomplete"]
        assert record.levelno == level
        assert "landlock" in vars(record)["missing"]

    def test_what_the_kernel_does_not_offer_is_refused_if_it_is_insisted_on(
        self, make: Make, set_held: SetHeld
    ) -> None:
        set_held(landlock=0)
        reader = make(mode=SandboxMode.STRICT)

        with reader.load([tiff(20)]) as document:
            with pytest.raises(SandboxRefused):
                reader.count_pages(document)
            with pytest.raises(SandboxRefused):
                reader.recognise(document, 1, ["eng"])
        assert reader._keeper.sandbox is None

    def test_what_the_kernel_offers_is_enough_if_it_is_insisted_on(self, make: Make, set_held: SetHeld) -> None:
        set_held(no_new_privs=True, seccomp=True, landlock=1, network_namespace=True)

        assert read(make(mode=SandboxMode.STRICT)) == "eng 20"

"""What a host answers, and what it has ready before there is a document."""

import os
import socket
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from ocr_platform.errors import EngineMissing
from ocr_platform.models import EngineName
from ocr_platform.ocr.engines import AS_USUAL, Command, Manner, OcrEngine, Recognition
from ocr_platform.ocr.pages import PageImage
from ocr_platform.sandbox import frames, landlock
from ocr_platform.sandbox.confinement import Doors
from ocr_platform.sandbox.frames import FrameError
from ocr_platform.sandbox.host import Host, doors, load_archival_writer, serve, warm_up
from tests.unit.sandbox.support import config


class FakeEngine:
    """Implements `OcrEngine`."""

    name = EngineName.TESSEROCR

    def __init__(self, command: Command | None = None, fault: Exception | None = None) -> None:
        self._command = command
        self._fault = fault

    def command(self) -> Command | None:
        return self._command

    def languages(self) -> frozenset[str]:
        if self._fault is not None:
            raise self._fault
        return frozenset({"eng", "deu"})

    def prepare(self, languages: str) -> None:
        raise self._fault or AssertionError(languages)

    def recognise(
        self,
        page: PageImage,
        languages: str,
        timeout: float,
        manner: Manner = AS_USUAL,  # noqa: ARG002
    ) -> Recognition:
        raise AssertionError((page, languages, timeout))

    def clear(self) -> None:
        raise AssertionError("no page was read")


def host_with(engine: OcrEngine) -> Host:
    return Host(config(), engine, Doors(filter=None, network_left=False), Path("/nowhere"))


def test_languages_are_the_engines_and_their_models_where_tesseract_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    (tmp_path / "eng.traineddata").write_bytes(b"")

    assert host_with(FakeEngine()).answer({"do": "languages"}, []) == (
        {"languages": ["deu", "eng"], "engine": "tesserocr", "directory": str(tmp_path)},
        [],
    )


def test_the_directory_of_the_models_may_not_be_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))

    assert host_with(FakeEngine()).answer({"do": "languages"}, [])[0]["directory"] is None


def test_engine_that_is_missing_is_its_code() -> None:
    host = host_with(FakeEngine(fault=EngineMissing()))

    assert host.answer({"do": "languages"}, []) == ({"error": "engine_missing"}, [])
    fork = {"do": "fork", "format": "pdf", "languages": "eng", "second": False, "archival": False}
    assert host.answer(fork, [0]) == ({"error": "engine_missing"}, [])


@pytest.mark.parametrize("missing", ["fontTools", "jsonschema", "referencing"])
def test_pdfa_without_the_extra_is_its_code(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = {name: None if name == missing else find_spec(name) for name in ("fontTools", "jsonschema", "referencing")}
    monkeypatch.setattr("ocr_platform.sandbox.host.find_spec", there.get)
    load_archival_writer.cache_clear()
    fork = {"do": "fork", "format": "pdf", "languages": "", "second": False, "archival": True}

    assert host_with(FakeEngine()).answer(fork, [0, 1]) == ({"error": "pdfa_missing"}, [])


@pytest.mark.parametrize(
    "request_",
    [{}, {"do": "count"}, {"do": "page", "number": 1}, {"do": "fork"}, {"do": "end"}, {"do": "end", "pid": "1"}],
)
def test_what_is_no_request_is_refused(request_: dict[str, object]) -> None:
    with pytest.raises(FrameError):
        host_with(FakeEngine()).answer(request_, [])


def test_process_that_it_did_not_fork_is_not_killed() -> None:
    with pytest.raises(KeyError):
        host_with(FakeEngine()).answer({"do": "end", "pid": os.getpid()}, [])


def test_it_serves_until_its_worker_closes_the_channel(open_descriptors: Callable[[], int]) -> None:
    before = open_descriptors()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ended: list[BaseException] = []

        def run() -> None:
            try:
                serve(theirs, host_with(FakeEngine()), None)
            except FrameError as exc:
                ended.append(exc)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        for _ in range(2):
            frames.send(ours, {"do": "languages"})
            assert frames.receive(ours, deadline=time.monotonic() + 5)[0]["languages"] == ["deu", "eng"]
        ours.close()
        thread.join(5)

        assert len(ended) == 1
    assert open_descriptors() == before


def test_it_ends_when_its_worker_does() -> None:
    # Given a descriptor that becomes readable when the worker is gone, though the channel stays open
    ours, theirs = socket.socketpair()
    gone, here = os.pipe()
    with ours, theirs:
        os.close(here)

        serve(theirs, host_with(FakeEngine()), gone)
    os.close(gone)


def test_libraries_are_warm_for_every_format(open_descriptors: Callable[[], int]) -> None:
    before = open_descriptors()

    warm_up()

    assert open_descriptors() == before


def test_sandbox_that_starts_nothing_may_have_no_file(tmp_path: Path) -> None:
    found = doors(FakeEngine(), tmp_path, network_left=True)

    assert found.allowed == {}
    assert found.root == tmp_path
    assert not found.may_start_command
    assert found.network_left


def test_sandbox_with_a_command_may_run_it_read_its_files_and_write_in_its_own_directory(tmp_path: Path) -> None:
    program, library = Path("/usr/bin/program"), Path("/usr/lib/library.so")

    found = doors(FakeEngine(Command((program,), (library,))), tmp_path, network_left=False)

    assert found.may_start_command
    assert found.root is None
    assert found.allowed == {
        program: landlock.READ | landlock.EXECUTE,
        library: landlock.READ,
        tmp_path: landlock.OWN,
    }
    assert not landlock.OWN & landlock.EXECUTE
    assert not found.network_left

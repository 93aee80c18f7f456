"""The reader with its real process, which needs no recogniser to open, count and decode."""

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from ocr_platform.errors import DocumentDamaged, EngineMissing, PasswordRequired, TooManyPages
from ocr_platform.ports import DocumentReader
from ocr_platform.sandbox.child import Config
from ocr_platform.sandbox.reader import SandboxReader, _error, _page
from tests.data import broken

MIB = 1024 * 1024
CONFIG = Config(
    scratch="", memory_bytes=1024 * MIB, max_pages=3, max_pixels=100_000_000, render_dpi=100, page_timeout=20.0
)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[SandboxReader]:
    """A reader that sees no command at all: its PATH is an empty directory."""
    (tmp_path / "bin").mkdir()
    made = SandboxReader(CONFIG, tmp_path, {"PATH": str(tmp_path / "bin")})
    yield made
    made.close()


def _tiff(pages: int) -> bytes:
    out = io.BytesIO()
    frames = [Image.new("L", (20, 10), 255)] * pages
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def _child(reader: SandboxReader) -> int:
    assert reader._process
    return reader._process._process.pid


def test_reader_is_what_the_steps_ask_for(reader: SandboxReader) -> None:
    port: DocumentReader = reader

    assert port is reader


def test_documents_are_counted_one_after_the_other(reader: SandboxReader) -> None:
    for pages in (1, 3, 2):
        with reader.load([_tiff(pages)]) as document:
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


def test_damaged_page_is_a_result(reader: SandboxReader) -> None:
    with reader.load([broken.damaged_png()]) as document:
        assert reader.recognise(document, 1, ["eng"]).error == "page_damaged"


def test_missing_recogniser_is_raised(reader: SandboxReader) -> None:
    with pytest.raises(EngineMissing):
        reader.languages()
    with reader.load([_tiff(1)]) as document, pytest.raises(EngineMissing):
        reader.recognise(document, 1, ["eng"])


def test_process_that_was_killed_costs_one_page(reader: SandboxReader) -> None:
    with reader.load([broken.damaged_png()]) as document:
        reader.count_pages(document)
        os.kill(_child(reader), signal.SIGKILL)

        assert reader.recognise(document, 1, ["eng"]).error == "decoder_crash"
        assert reader.recognise(document, 1, ["eng"]).error == "page_damaged"


def test_process_that_hangs_is_a_page_timeout_and_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a process that stopped, and a worker that has little patience beyond the page's own time
    monkeypatch.setattr("ocr_platform.sandbox.reader._GRACE_SECONDS", 0.0)
    config = Config("", 1024 * MIB, 3, 1_000_000, 100, page_timeout=1.0)
    reader = SandboxReader(config, tmp_path, {})
    with reader.load([_tiff(1)]) as document:
        reader.count_pages(document)
        stopped = _child(reader)
        os.kill(stopped, signal.SIGSTOP)

        assert reader.recognise(document, 1, ["eng"]).error == "page_timeout"
        assert reader.count_pages(document) == 1
        assert _child(reader) != stopped
    reader.close()


def test_nothing_of_the_process_is_left_after_closing(reader: SandboxReader, tmp_path: Path) -> None:
    with reader.load([_tiff(1)]) as document:
        reader.count_pages(document)
    child = _child(reader)
    assert list(tmp_path.glob("ocr-sandbox-*"))

    reader.close()

    assert list(tmp_path.glob("ocr-sandbox-*")) == []
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_process_sees_nothing_of_the_workers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hush-hush")
    reader = SandboxReader(CONFIG, tmp_path, {"PATH": "/nowhere"})
    with reader.load([_tiff(1)]) as document:
        reader.count_pages(document)

    seen = Path(f"/proc/{_child(reader)}/environ").read_bytes()

    assert b"hush-hush" not in seen
    assert {line.partition(b"=")[0] for line in seen.split(b"\0") if line} <= {b"PATH", b"TMPDIR", b"LC_CTYPE"}
    reader.close()


def test_process_is_limited(reader: SandboxReader) -> None:
    with reader.load([_tiff(1)]) as document:
        reader.count_pages(document)

    limits = Path(f"/proc/{_child(reader)}/limits").read_text(encoding="ascii")
    found = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()[1:]}

    assert found["Max address space"] == [str(CONFIG.memory_bytes)] * 2
    assert found["Max core file size"] == ["0", "0"]
    assert found["Max open files"] == ["64", "64"]


def test_page_that_needs_more_memory_than_allowed_is_a_result(tmp_path: Path) -> None:
    # Given a page of 900 million pixels which is allowed, in a process that may not have as many bytes
    config = Config("", 512 * MIB, 3, 1_000_000_000, 100, page_timeout=20.0)
    reader = SandboxReader(config, tmp_path, {"PATH": "/nowhere"})

    with reader.load([broken.bomb_png()]) as document:
        assert reader.recognise(document, 1, ["eng"]).error == "page_memory"
    reader.close()


def test_document_of_another_reader_is_refused(reader: SandboxReader) -> None:
    from ocr_platform.testing import FakeReader

    with FakeReader().load([b"%PDF"]) as document, pytest.raises(TypeError):
        reader.count_pages(document)


@pytest.mark.parametrize("code", ["nonsense", None, 7, ["a"], "storage_unavailable", "settings_invalid", "worker_lost"])
def test_code_that_no_sandbox_can_mean_is_a_crash(code: object) -> None:
    assert _error(code).code == "decoder_crash"


@pytest.mark.parametrize(
    "item", [{}, {"width": "wide"}, {"width": None}, {"width": 1, "height": 1, "dpi": 1, "text": "", "words": [{}]}]
)
def test_answer_that_is_no_page_is_not_taken(item: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        _page(1, item)

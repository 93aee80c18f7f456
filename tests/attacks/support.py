"""Readers whose host is the attacker's, and looks at what they leave."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from ocr_platform.models import EngineName, PageResult
from ocr_platform.ocr.limits import Limits
from ocr_platform.sandbox.config import Config
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import scan_page
from tests.data.pages import image_bytes
from tests.processes import alive, high_water

NOBODY = 65534
LAUNCH = Path(__file__).with_name("launch.py")
MIB = 1024 * 1024
PAGE_SECONDS = 2.0
GRACE_SECONDS = 2.0
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
HOSTILE = ("-I", str(Path(__file__).with_name("hostile_host.py")))
NOTE = "Call the museum about the boxes."


def config(**changed: Any) -> Config:
    """Small limits, so that what runs into them does so soon."""
    limits = Limits(100, 20_000_000, 1_000_000_000, 50.0, 100)
    values: dict[str, Any] = {
        "limits": limits,
        "memory_bytes": 512 * MIB,
        "page_timeout": PAGE_SECONDS,
        "document_timeout": 600.0,
        "engine": EngineName.TESSEROCR,
    }
    return Config(**(values | changed))


@cache
def note_png() -> bytes:
    """A line of text: read in a fraction of a second."""
    return image_bytes(scan_page(NOTE, dpi=100, skew=0, noise=0.02).crop((0, 0, 800, 220)), "PNG", 100)


def attack(name: str, more: bytes = b"") -> bytes:
    """A document that has the hostile decoder do this."""
    return b"%PDF-attack:" + name.encode() + b"\n" + more


def read(reader: SandboxReader, body: bytes, number: int = 1) -> PageResult:
    with reader.load([body]) as document:
        assert document.format is not None
        return reader.recognise(document, number, ["eng"])


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may use; pytest's own are shut to others than their owner."""
    with tempfile.TemporaryDirectory(prefix="ocr-attacks-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def group_of(leader: int) -> list[psutil.Process]:
    """Processes of a process group that run."""
    found = []
    for pid in psutil.pids():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(pid) == leader:
                found.append(psutil.Process(pid))
    return alive(*found)


def session_of(reader: SandboxReader) -> list[psutil.Process]:
    """What runs of a reader's host, its sandboxes and what these started, without the host itself."""
    assert reader._keeper.host is not None
    found = []
    for pid in psutil.pids():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if pid != reader._keeper.host.pid and os.getsid(pid) == reader._keeper.host.pid:
                found.append(psutil.Process(pid))
    return alive(*found)


@contextmanager
def peak_memory() -> Iterator[Callable[[], int]]:
    """How far this process's resident memory has risen above where it was, in bytes (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")
    before = high_water("self")
    yield lambda: high_water("self") - before

"""Pages to read, and a look at the processes that read them."""

import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import psutil
from PIL import Image

from ocr_platform.models import PageResult
from ocr_platform.sandbox.child import Config
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import broken, scan_page
from tests.data.pages import image_bytes
from tests.data.texts import LETTER
from tests.processes import alive

T = TypeVar("T")
MIB = 1024 * 1024
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
NOTE = "Call the museum about the boxes in the cellar.\nBring the labels and the long list.\nLock the door."


def config(**changed: Any) -> Config:
    """Limits that no honest page meets."""
    values: dict[str, Any] = {
        "scratch": "",
        "memory_bytes": 2048 * MIB,
        "max_pages": 100,
        "max_pixels": 100_000_000,
        "render_dpi": 300,
        "page_timeout": 60.0,
    }
    return Config(**(values | changed))


@cache
def note_png() -> bytes:
    """Three lines of text at a low resolution: read in a fraction of a second."""
    return image_bytes(note(NOTE), "PNG", 100)


def note(text: str) -> Image.Image:
    return scan_page(text, dpi=100, skew=0, noise=0.02)


@cache
def dense_png() -> bytes:
    """A full page at a high resolution: read in some seconds."""
    return image_bytes(scan_page(LETTER[0], dpi=400, noise=0.3), "PNG", 400)


def read(reader: SandboxReader, body: bytes, number: int = 1) -> PageResult:
    with reader.load([body]) as document:
        return reader.recognise(document, number, ["eng"])


def child_of(reader: SandboxReader) -> psutil.Process:
    """The reader's live child."""
    assert reader._process is not None
    return psutil.Process(reader._process._process.pid)


@cache
def endless_pdf() -> bytes:
    """A page that is painted over two hundred thousand times: PDFium comes back after minutes, in one call."""
    content = zlib.compress(b"0 0 595 842 re f\n" * 200_000)
    return broken._pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /MediaBox [0 0 595 842] /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    )


@contextmanager
def in_mid_page(
    reader: SandboxReader, body: bytes
) -> Iterator[tuple[psutil.Process, psutil.Process, list[PageResult]]]:
    """The child and its recogniser at work on a page; the results are there when the context has ended.

    The child is started here, in the main thread: the kernel ends it with the thread that started it.
    """
    reader.languages()
    results: list[PageResult] = []
    thread = threading.Thread(target=lambda: results.append(read(reader, body)))
    child = child_of(reader)
    thread.start()
    try:
        yield child, recogniser_of(child), results
    finally:
        thread.join()


def recogniser_of(child: psutil.Process) -> psutil.Process:
    """Wait until the child's recogniser is at work on a page, and not on listing its models."""

    def find() -> psutil.Process | None:
        with suppress(psutil.NoSuchProcess):
            for process in child.children():
                if process.name() == "tesseract" and any(part.endswith(".pgm") for part in process.cmdline()):
                    return process
        return None

    return wait_for(find)


def wait_for(find: Callable[[], T | None], seconds: float = 15.0) -> T:
    """What `find` gives as soon as it gives something."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = find()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


def group_of(leader: int) -> list[psutil.Process]:
    """Processes of a process group that run."""
    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == leader:
                found.append(process)
    return alive(*found)


def environment_of(process: psutil.Process) -> dict[str, str]:
    """The environment that a process was started with, from /proc."""
    pairs = Path(f"/proc/{process.pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair)

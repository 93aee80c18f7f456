"""Pages to read, and a look at the processes that read them."""

import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import psutil
from PIL import Image

from ocr_platform.models import EngineName, PageResult
from ocr_platform.ocr.limits import Limits
from ocr_platform.sandbox.config import Config
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import broken, scan_page
from tests.data.pages import image_bytes
from tests.data.texts import LETTER
from tests.processes import alive, kinds_below, recognises

T = TypeVar("T")
MIB = 1024 * 1024
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
NOTE = "Call the museum about the boxes in the cellar.\nBring the labels and the long list.\nLock the door."


ENGINES = (EngineName.TESSEROCR, EngineName.PYTESSERACT)


def config(**changed: Any) -> Config:
    """Limits that no honest page meets; those of pages are among the keywords too."""
    limits: dict[str, Any] = {
        "max_pages": 100,
        "max_pixels": 100_000_000,
        "max_document_pixels": 10**12,
        "max_page_inches": 200.0,
        "render_dpi": 300,
    }
    limits |= {name: changed.pop(name) for name in limits if name in changed}
    values: dict[str, Any] = {"memory_bytes": 2048 * MIB, "page_timeout": 60.0, "document_timeout": 600.0}
    return Config(**({"limits": Limits(**limits)} | values | changed))


@cache
def note_png() -> bytes:
    """Three lines of text at a low resolution: read in a fraction of a second."""
    return image_bytes(note(NOTE), "PNG", 100)


def note(text: str) -> Image.Image:
    return scan_page(text, dpi=100, skew=0, noise=0.02)


@cache
def dense_png() -> bytes:
    """Two full pages, one below the other: read in some seconds."""
    words = " ".join(LETTER).split()
    page = scan_page(" ".join((words * 3)[:420]), dpi=300, noise=0.3)
    sheet = Image.new("L", (page.width, 2 * page.height))
    for place in range(2):
        sheet.paste(page, (0, place * page.height))
    return image_bytes(sheet, "PNG", 300)


def read(reader: SandboxReader, body: bytes, number: int = 1) -> PageResult:
    with reader.load([body]) as document:
        return reader.recognise(document, number, ["eng"])


def host_of(reader: SandboxReader) -> psutil.Process:
    """The reader's live host."""
    assert reader._keeper.host is not None
    return psutil.Process(reader._keeper.host.pid)


def sandbox_of(reader: SandboxReader) -> psutil.Process:
    """The reader's live sandbox: there is one while a document is open."""
    assert reader._keeper.sandbox is not None
    return psutil.Process(reader._keeper.sandbox.pid)


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


@dataclass(frozen=True)
class AtWork:
    """Processes in mid-page; with tesserocr the sandbox itself is the recogniser. `results` come when it has ended."""

    host: psutil.Process
    sandbox: psutil.Process
    recogniser: psutil.Process
    results: list[PageResult]

    @property
    def all(self) -> tuple[psutil.Process, ...]:
        return self.host, self.sandbox, self.recogniser


@contextmanager
def in_mid_page(reader: SandboxReader, body: bytes) -> Iterator[AtWork]:
    """A reader whose recogniser is at work on a page; the results are there when the context has ended.

    The host is started here, in the main thread: the kernel ends it with the thread that started it.
    """
    reader.languages()
    results: list[PageResult] = []
    thread = threading.Thread(target=lambda: results.append(read(reader, body)))
    host = host_of(reader)
    thread.start()
    try:
        yield at_work(host, results)
    finally:
        thread.join()


def at_work(host: psutil.Process, results: list[PageResult]) -> AtWork:
    """Wait until the host's recogniser is at work on a page, and not on listing its models."""

    def find() -> AtWork | None:
        for each, kind in kinds_below(host).items():
            if recognises(each):
                sandbox = each if kind == "sandbox" else each.parent()
                assert sandbox is not None
                return AtWork(host, sandbox, each, results)
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

"""The sandbox process: takes documents by descriptor, answers with frames, knows no secret.

Started as `python -I -m ocr_platform.sandbox.child CHANNEL_FD PARENT_PID CONFIG_JSON` with an empty environment.
"""

import json
import os
import select
import shutil
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ocr_platform.errors import PageMemory, PlatformError
from ocr_platform.models import DocumentFormat, PageResult
from ocr_platform.ocr.engines import OcrEngine
from ocr_platform.ocr.engines.pytesseract_engine import PytesseractEngine
from ocr_platform.ocr.opening import open_pages
from ocr_platform.ocr.pages import Pages
from ocr_platform.sandbox import frames
from ocr_platform.sandbox.limits import die_with_parent, limit_resources

# The worker kills the whole group at the deadline. Should it be gone, the kernel ends this process a little later.
_ALARM_GRACE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Config:
    """What the worker tells its sandbox; sizes in bytes and pixels, times in seconds."""

    scratch: str
    memory_bytes: int
    max_pages: int
    max_pixels: int
    render_dpi: int
    page_timeout: float


class Sandbox:
    """The child's state: one engine, and the document that is open."""

    def __init__(self, config: Config, engine: OcrEngine) -> None:
        self._config = config
        self._engine = engine
        self._file: BinaryIO | None = None
        self._pages: Pages | None = None

    def answer(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        """Do what a request asks; every error of the platform becomes its code."""
        try:
            match request:
                case {"do": "open", "format": str(format)}:
                    self._open(DocumentFormat(format), fds)
                    return {}
                case {"do": "count"}:
                    return {"pages": self._opened().count(self._config.max_pages)}
                case {"do": "page", "number": int(number), "languages": str(languages)}:
                    return {"page": asdict(self._recognise(number, languages))}
                case {"do": "languages"}:
                    return {"languages": sorted(self._engine.languages())}
        except PlatformError as exc:
            return {"error": exc.code}
        except MemoryError:
            return {"error": PageMemory.code}
        raise frames.FrameError("unknown request")

    def _open(self, format: DocumentFormat, fds: list[int]) -> None:
        if self._file is not None:
            self._pages = None
            self._file.close()
        self._file = os.fdopen(fds[0], "rb")
        self._pages = open_pages(self._file, format, self._config.render_dpi, self._config.max_pixels)

    def _opened(self) -> Pages:
        if self._pages is None:
            raise frames.FrameError("no document is open")
        return self._pages

    def _recognise(self, number: int, languages: str) -> PageResult:
        started = time.monotonic()
        page = self._opened().render(number)
        left = self._config.page_timeout - (time.monotonic() - started)
        read = self._engine.recognise(page, languages, max(left, 0.1))
        return PageResult(
            number=number,
            width=page.image.width,
            height=page.image.height,
            dpi=page.dpi,
            text=read.text,
            words=read.words,
            seconds=round(time.monotonic() - started, 3),
        )


def _end_with_worker(worker_pid: int, scratch: Path) -> None:
    """When the worker dies, take the recogniser and all plaintext with us, whatever this process is busy with.

    The kernel's SIGTERM reaches Python between two steps of Python code, a thread also while a decoder is at work.
    """

    def end(*_: object) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        os.killpg(0, signal.SIGTERM)  # the recogniser must not write any more
        shutil.rmtree(scratch, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)

    def watch(descriptor: int) -> None:
        select.select([descriptor], [], [])
        end()

    signal.signal(signal.SIGTERM, end)
    die_with_parent(worker_pid)
    with suppress(OSError):  # a container's filter may refuse it: then there is the signal alone
        threading.Thread(target=watch, args=[os.pidfd_open(worker_pid)], daemon=True).start()


def serve(channel: socket.socket, config: Config) -> None:
    """Answer requests until the worker closes the channel."""
    sandbox = Sandbox(config, PytesseractEngine(Path(config.scratch)))
    while True:
        try:
            request, fds = frames.receive(channel, max_fds=1)
        except frames.FrameError:
            return
        signal.alarm(int(config.page_timeout) + _ALARM_GRACE_SECONDS)
        answer = sandbox.answer(request, fds)
        signal.alarm(0)
        frames.send(channel, answer)


def main(argv: list[str]) -> None:
    """Shut the doors, then serve."""
    channel = socket.socket(fileno=int(argv[1]))
    config = Config(**json.loads(argv[3]))
    _end_with_worker(int(argv[2]), Path(config.scratch))
    limit_resources(config.memory_bytes)
    try:
        serve(channel, config)
    finally:
        # The closed channel may tell of the worker's death before the kernel does.
        shutil.rmtree(config.scratch, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv)

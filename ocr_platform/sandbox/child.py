"""The sandbox process: forked from its host for one document, shut in before it sees a byte of it.

It inherits the engine with its models loaded, so that it needs no file, and knows the document by a sealed descriptor.
"""

import fcntl
import os
import signal
import socket
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ocr_platform.errors import OutputTooLarge, PageMemory, PlatformError
from ocr_platform.models import DocumentFormat, OcrMode, PageResult, PdfWay, Quality, Reading
from ocr_platform.ocr.engines import OcrEngine
from ocr_platform.ocr.opening import open_pages
from ocr_platform.ocr.pages import Pages
from ocr_platform.ocr.reading import read_page
from ocr_platform.ocr.sample import sample_of
from ocr_platform.ocr.second import LineReader
from ocr_platform.sandbox import frames
from ocr_platform.sandbox.config import Config
from ocr_platform.sandbox.confinement import Confinement, Doors, first_to_be_killed
from ocr_platform.sandbox.limits import die_with_parent, limit_resources
from ocr_platform.staging import results_of

if TYPE_CHECKING:
    from ocr_platform.sandbox.pdf.building import Building

# What a sandbox has open: 0 and 1 lead nowhere, 2 takes what libraries say, and these; the last where one is made.
_COMPLAINTS, _CHANNEL, _DOCUMENT, _OUTPUT = 2, 3, 4, 5
# What libraries may say of a page; leptonica's and glibc's words for having had no memory are in the first lines.
COMPLAINTS_BYTES = 64 * 1024
_OUT_OF_MEMORY = (b"alloc fail", b"bad_alloc", b"MemoryError", b"annot allocate memory")
# A command's output and the uncompressed page: nothing larger is ever written.
_SCRATCH_FILE_BYTES = 2 * 1024**3
_FILES, _FILES_WITH_COMMAND = 8, 64
ENDED_BY_FAULT = 70  # os.EX_SOFTWARE


@dataclass(frozen=True, slots=True)
class Birth:
    """What a sandbox is born with; descriptors are numbers of the host. `second` reads again where it was asked for."""

    channel: int
    document: int
    complaints: int
    format: DocumentFormat
    languages: str
    engine: OcrEngine
    config: Config
    doors: Doors
    second: LineReader | None = None
    output: int | None = None


def live(birth: Birth, host_pid: int) -> NoReturn:
    """Become the sandbox, right after the fork. Never returns."""
    try:
        die_with_parent(host_pid, signal.SIGKILL)
        _forget_the_host(birth)
        channel = socket.socket(fileno=_CHANNEL)
        sandbox = Sandbox(birth)
        _limit(birth)
        held = birth.doors.shut()
        _serve(channel, held, sandbox)
    except frames.FrameError:
        os._exit(0)  # the worker is done with this document
    except BaseException:  # noqa: BLE001  not a word of it: the message may quote the document
        os._exit(ENDED_BY_FAULT)
    os._exit(0)


def ran_out_of_memory(complaints: int) -> bool:
    """Whether a library said so, at the descriptor that took its words."""
    said = os.pread(complaints, COMPLAINTS_BYTES, 0)
    return any(words in said for words in _OUT_OF_MEMORY)


class Sandbox:
    """One document, opened when it is first asked for, so that what its decoder raises is an answer."""

    def __init__(self, birth: Birth) -> None:
        self._birth = birth
        self._file = open(_DOCUMENT, "rb", closefd=False)  # noqa: SIM115  for as long as this process lives
        self._pages: Pages | None = None
        self._password: str | None = None
        self._building: Building | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what a request asks; every error of the platform becomes its code.

        A library that had no memory says so and goes on, or gives up with an error of its own: neither is the page's.
        Whatever is asked, the document's password may be told with it.
        """
        self._password = request.pop("password", None)
        os.lseek(_COMPLAINTS, 0, os.SEEK_SET)
        os.ftruncate(_COMPLAINTS, 0)
        try:
            match request:
                case {"do": "count"}:
                    return {"pages": self._opened().count()}
                case {"do": "sample", "number": int(number)}:
                    return {"text": self._sample(number)}
                case {"do": "page", "number": int(number), "mode": str(mode), "quality": str(quality)}:
                    return {"page": self._read(number, Reading(OcrMode(mode), Quality(quality))).as_dict()}
                case {"do": "pdf", "way": str(way), "archival": bool(archival)}:
                    # The host has imported it: not every document is to become a PDF, and these libraries take time.
                    from ocr_platform.sandbox.pdf.building import begin

                    birth = self._birth
                    self._building = begin(
                        PdfWay(way), self._file, birth.format, birth.config.limits, self._password, archival=archival
                    )
                    return {"done": True}
                case {"do": "pdf_pages", "pages": list(pages)} if self._building is not None:
                    for page in results_of(pages):
                        self._building.add(page)
                    return {"done": True}
                case {"do": "pdf_end"} if self._building is not None:
                    return self._finished(self._building)
        except PlatformError as exc:
            return {"error": PageMemory.code if ran_out_of_memory(_COMPLAINTS) else exc.code}
        except MemoryError:
            return {"error": PageMemory.code}
        raise frames.FrameError("unknown request")

    def _opened(self) -> Pages:
        if self._pages is None:
            self._pages = open_pages(self._file, self._birth.format, self._birth.config.limits, self._password)
        return self._pages

    @staticmethod
    def _finished(building: "Building") -> dict[str, Any]:
        """Write a PDF into the output; how many bytes it has, and what was taken out for it."""
        try:
            with open(_OUTPUT, "wb", closefd=False) as output:
                lost = building.finish(output)
                return {"bytes": output.tell(), "lost": list(lost)}
        except OSError as exc:
            raise OutputTooLarge from exc

    def _sample(self, number: int) -> str:
        """What a first reading of a part of a page gives, for its language to be told."""
        birth = self._birth
        birth.engine.clear()
        part = sample_of(self._opened().render(number))
        return birth.engine.recognise(part, birth.languages, birth.config.page_timeout).text

    def _read(self, number: int, reading: Reading) -> PageResult:
        ends = time.monotonic() + self._birth.config.page_timeout
        self._birth.engine.clear()  # not after a page: most documents have one
        birth = self._birth
        result = read_page(self._opened(), number, reading, birth.engine, birth.languages, ends, birth.second)
        if ran_out_of_memory(_COMPLAINTS):
            # Leptonica goes on without what it could not have, and the page comes out with less text than it has.
            raise PageMemory
        return result


def _serve(channel: socket.socket, held: Confinement, sandbox: Sandbox) -> None:
    """Say what holds, then answer requests until the worker closes the channel."""
    frames.send(channel, {"held": asdict(held)})
    while True:
        request, _ = frames.receive(channel)
        frames.send(channel, sandbox.answer(request))


def _forget_the_host(birth: Birth) -> None:
    """Close every descriptor but this sandbox's own, and leave the host's group, handlers and fate."""
    os.setpgid(0, 0)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(birth.complaints, _COMPLAINTS, inheritable=True)
    # By way of high numbers: the low ones may be taken by one another.
    kept = [birth.channel, birth.document, *([] if birth.output is None else [birth.output])]
    for place, descriptor in enumerate([fcntl.fcntl(each, fcntl.F_DUPFD, _OUTPUT + 1) for each in kept], _CHANNEL):
        os.dup2(descriptor, place, inheritable=False)
    os.closerange(_CHANNEL + len(kept), os.sysconf("SC_OPEN_MAX"))


def _largest_file(birth: Birth) -> int:
    """What a sandbox may write: an output has no more room than its own size, whatever this says."""
    usual = _SCRATCH_FILE_BYTES if birth.doors.may_start_command else COMPLAINTS_BYTES
    return usual if birth.output is None else max(usual, birth.config.max_output_bytes)


def _limit(birth: Birth) -> None:
    first_to_be_killed()
    with_command = birth.doors.may_start_command
    limit_resources(
        memory_bytes=birth.config.memory_bytes,
        cpu_seconds=max(1, round(birth.config.document_timeout)) + 1,  # a second for the signal that comes first
        file_bytes=_largest_file(birth),
        open_files=_FILES_WITH_COMMAND if with_command else _FILES,
    )
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

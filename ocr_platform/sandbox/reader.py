"""The worker's side of the sandbox: a DocumentReader whose faults are typed and never the worker's own."""

import errno
import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ocr_platform.errors import (
    DecoderCrash,
    DocumentDamaged,
    EngineMissing,
    PageError,
    PageTimeout,
    SandboxRefused,
    ScratchFull,
)
from ocr_platform.models import AUTO_LANGUAGES, PageResult, PdfWay, Quality, Reading, SandboxMode, SearchablePdf
from ocr_platform.ports import OpenDocument
from ocr_platform.sandbox import answers
from ocr_platform.sandbox.config import Config
from ocr_platform.sandbox.confinement import Confinement
from ocr_platform.sandbox.endings import Killed, error_of
from ocr_platform.sandbox.frames import FrameError
from ocr_platform.sandbox.making import by_any_way, checked, sent
from ocr_platform.sandbox.memory import SealedDocument, room_for, sealed, written
from ocr_platform.sandbox.process import HOST_PROGRAM, Ending, Sandbox, SandboxHost
from ocr_platform.sandbox.speech import Speech

_log = logging.getLogger(__name__)

# The recogniser's own time limit comes first and leaves the sandbox alive; this is for what does not keep to it.
_GRACE_SECONDS = 2.0
_NOTHING = b"%PDF-"
_AS_USUAL = Reading()

T = TypeVar("T")


class SandboxReader:
    """Implements `ports.DocumentReader`: a host, started when it is first needed, and a sandbox for each document.

    A crash or a timeout ends the sandbox; the next page goes on in a fresh one. Not for several threads at once.
    """

    def __init__(
        self,
        config: Config,
        temp_dir: Path | None = None,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = HOST_PROGRAM,
    ) -> None:
        self._config = config
        self._temp_dir = temp_dir
        self._environment = dict(environment or {})
        self._program = program
        self._host: SandboxHost | None = None
        self._sandbox: Sandbox | None = None
        # What the sandbox was forked for: the document, models, an output, a second reader, PDF/A.
        self._holds: tuple[SealedDocument, str, int | None, bool, bool] | None = None
        self._languages: frozenset[str] | None = None
        self._speech = Speech(None, ())
        self._held: Confinement | None = None
        self._missed_second = False

    @contextmanager
    def load(self, chunks: Iterable[bytes], password: str | None = None) -> Iterator[OpenDocument]:
        """Take a document into sealed memory; with the context ends the sandbox that saw it.

        The `password` is told the sandbox with each request, and nobody else.
        """
        with sealed(chunks, password) as document:
            try:
                yield document
            finally:
                if self._holds is not None and self._holds[0] is document:
                    self._end_sandbox()

    def count_pages(self, document: OpenDocument) -> int:
        """Pages of a document. Raises a DocumentError."""
        try:
            return answers.pages(self._ask(document, {"do": "count"}, ""), self._config.limits)
        except answers.LieError:
            self._end_sandbox()
            raise DocumentDamaged from None

    def recognise(
        self, document: OpenDocument, number: int, languages: Sequence[str], reading: Reading = _AS_USUAL
    ) -> PageResult:
        """Read a page; a fault of the page is in the result. Raises EngineMissing, SandboxRefused.

        A page whose sandbox was killed from outside gets a second one: it may have been anybody's page.
        """
        started = time.monotonic()
        try:
            if tuple(languages) == (AUTO_LANGUAGES,):
                self.languages()
                return self._speech.read(self, _known(document), number, reading)
            return self.read("+".join(languages), document, number, reading)
        except PageError as exc:
            return PageResult(number, error=exc.code, seconds=round(time.monotonic() - started, 3))

    def read(self, models: str, document: OpenDocument, number: int, reading: Reading) -> PageResult:
        """Read a page with models such as `eng+deu`. Raises a PageError, EngineMissing, SandboxRefused."""
        return _twice(number, lambda: self._page(document, number, models, reading))

    def sample(self, model: str, document: OpenDocument, number: int) -> str:
        """A part of a page's text, as a first reading with one model gives it. Raises as `read`."""
        try:
            request = {"do": "sample", "number": number}
            return answers.sample(_twice(number, lambda: self._ask(document, request, model)))
        except answers.LieError:
            self._end_sandbox()
            raise DecoderCrash from None

    def searchable_pdf(
        self, document: OpenDocument, pages: Sequence[PageResult], *, archival: bool = False
    ) -> SearchablePdf:
        """A document as a PDF with the words of all its pages, or as PDF/A.

        In a sandbox of its own, which has no model and may write into one piece of memory. All of it may take as long
        as a page: a stage has its time limit. Raises a DocumentError, EngineMissing, SandboxRefused.
        """
        kind, most = _known(document).format, self._config.max_output_bytes
        ends = time.monotonic() + self._config.page_timeout

        def make(way: PdfWay) -> SearchablePdf:
            with room_for(most) as output:

                def ask(request: dict[str, Any]) -> dict[str, Any]:
                    return self._ask(document, request, "", output, ends, archival=archival)

                try:
                    size, lost = sent(ask, way, pages, most, archival=archival)
                finally:
                    self._end_sandbox()
                return SearchablePdf(checked(written(output, size)), way, lost)

        return by_any_way(make, kind, archival=archival)

    def languages(self) -> frozenset[str]:
        """Installed models, asked for once. Raises EngineMissing."""
        if self._languages is None:
            answer = self._of_the_host(lambda host: host.languages())
            if "error" in answer:
                raise answers.error(answer["error"])
            self._languages = frozenset(answer["languages"])
            self._speech = Speech(answer.get("directory"), self._languages)
        return self._languages

    def close(self) -> None:
        """End the host and its sandbox; the next request starts new ones."""
        if self._sandbox is not None:
            self._sandbox.abandon()
        if self._host is not None:
            self._host.close()
        self._host = self._sandbox = self._holds = None

    def confinement(self) -> Confinement:
        """What holds a sandbox on this machine, as one of them found it. Raises EngineMissing, SandboxRefused."""
        if self._held is None:
            with self.load([_NOTHING]) as document:
                self._sandbox_for(_known(document), "")
        if self._held is None:
            raise SandboxRefused
        return self._held

    def probe(self) -> None:
        """Start anew, and see whether there is a recogniser and enough that holds it. Raises as `confinement`."""
        self.close()
        self._languages = self._held = None
        self.languages()
        self.confinement()

    def _page(self, document: OpenDocument, number: int, models: str, reading: Reading) -> PageResult:
        started = time.monotonic()
        quality = reading.quality or self._config.quality
        request = {"do": "page", "number": number, "mode": reading.mode, "quality": quality}
        answer = self._ask(document, request, models, second=quality is Quality.BEST)
        try:
            result = answers.page(answer, number, self._config.limits, time.monotonic() - started)
        except answers.LieError:
            self._end_sandbox()
            raise DecoderCrash from None
        self._recycle()
        return result

    def _ask(
        self,
        document: OpenDocument,
        request: dict[str, Any],
        models: str,
        output: int | None = None,
        ends: float = math.inf,
        *,
        second: bool = False,
        archival: bool = False,
    ) -> dict[str, Any]:
        """Ask the sandbox of a document, until `ends` (monotonic) at most.

        Every way in which it can fail is a PlatformError.
        """
        known = _known(document)
        sandbox = self._sandbox_for(known, models, output, second=second, archival=archival)
        if known.password is not None:
            request = {**request, "password": known.password}
        seconds = min(self._config.page_timeout, ends - time.monotonic()) + _GRACE_SECONDS
        try:
            answer = sandbox.ask(request, seconds)
        except TimeoutError as exc:
            self._end_sandbox()
            raise PageTimeout from exc
        except FrameError as exc:
            raise error_of(self._end_sandbox()) from exc
        except BaseException:
            # A time limit or a shutdown struck in between: a late answer must not meet the next request.
            self.close()
            raise
        if "error" in answer:
            raise answers.error(answer["error"])
        return answer

    def _sandbox_for(
        self,
        document: SealedDocument,
        models: str,
        output: int | None = None,
        *,
        second: bool = False,
        archival: bool = False,
    ) -> Sandbox:
        """The sandbox that holds this document and has what is wanted beside it, or a new one."""
        wanted = (document, models, output, second, archival)
        self._forget_the_parents()
        if self._sandbox is not None and self._holds == wanted:
            return self._sandbox
        self._end_sandbox()
        kind = document.format
        if kind is None:
            raise TypeError("a document of a known format")
        forked = self._of_the_host(
            lambda host: host.fork(kind, models, document.fd, output, second=second, archival=archival)
        )
        if isinstance(forked, str):
            raise answers.error(forked)
        self._sandbox, self._holds = forked, wanted
        if second and not forked.has_second and not self._missed_second:
            self._missed_second = True
            _log.warning("second_reader_missing")  # once: the pages are read as well as it goes without it
        try:
            self._require(forked.held(self._config.page_timeout + _GRACE_SECONDS))
        except (FrameError, TimeoutError) as exc:
            raise error_of(self._end_sandbox()) from exc
        return forked

    def _require(self, held: Confinement) -> None:
        """Note what holds; with OCR_SANDBOX=strict nothing may be missing, and nothing open on an older kernel."""
        if held != self._held and (held.missing or held.open_doors):
            level = logging.WARNING if held.open_doors else logging.INFO
            fields = {"missing": ", ".join(held.missing), "open": ", ".join(held.open_doors)}
            _log.log(level, "sandbox_incomplete", extra=fields)
        self._held = held
        if (held.missing or held.open_doors) and self._config.mode is SandboxMode.STRICT:
            self._end_sandbox()
            raise SandboxRefused

    def _recycle(self) -> None:
        """End a sandbox that has read enough, before what libraries keep from page to page adds up."""
        if self._sandbox is not None:
            self._sandbox.pages += 1
            full = self._sandbox.resident_bytes() > self._config.recycle_bytes
            if full or self._sandbox.pages >= self._config.recycle_pages:
                self._end_sandbox()

    def _end_sandbox(self) -> Ending | None:
        """End the sandbox, if there is one; how it ended, if its host can tell."""
        ended, self._sandbox, self._holds = self._sandbox, None, None
        if ended is None:
            return None
        try:
            return ended.end()
        except (FrameError, TimeoutError):
            self._close_failed()
            return None

    def _close_failed(self) -> None:
        """End a host that is gone or silent, and tell how it ended: what it said itself goes nowhere, for secrecy."""
        try:
            if self._host is not None:
                _log.error("sandbox_host_lost", extra={"status": self._host.status()})
        finally:
            # Also when a time limit strikes while it is waited for: a late answer must not meet the next request.
            self.close()

    def _of_the_host(self, ask: Callable[[SandboxHost], T]) -> T:
        """Ask the host, and once more a new one: it sees nothing foreign, so that its death is nobody's page's."""
        try:
            try:
                return ask(self._running())
            except FrameError:
                self._close_failed()
                return ask(self._running())
        except (FrameError, TimeoutError) as exc:
            self._close_failed()
            raise EngineMissing from exc
        except BaseException:
            self.close()
            raise

    def _forget_the_parents(self) -> None:
        """What was started before a fork of this process belongs to the parent."""
        if self._host is not None and self._host.owner != os.getpid():
            self._host.abandon()
            if self._sandbox is not None:
                self._sandbox.abandon()
            self._host = self._sandbox = self._holds = None

    def _running(self) -> SandboxHost:
        self._forget_the_parents()
        if self._host is None:
            try:
                self._host = SandboxHost(self._config, self._temp_dir, self._environment, self._program)
            except OSError as exc:
                if exc.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise ScratchFull from exc
        return self._host


def _twice(page: int, ask: Callable[[], T]) -> T:
    """Ask once more when the sandbox was killed from outside."""
    try:
        return ask()
    except Killed:
        _log.warning("sandbox_killed", extra={"page": page})
        return ask()


def _known(document: OpenDocument) -> SealedDocument:
    if not isinstance(document, SealedDocument):
        raise TypeError("a document that this reader has loaded")
    return document

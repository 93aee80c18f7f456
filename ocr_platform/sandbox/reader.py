"""The worker's side of the sandbox: a DocumentReader whose faults are typed and never the worker's own."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from ocr_platform.errors import DecoderCrash, DocumentDamaged, PageError, SandboxRefused
from ocr_platform.models import AUTO_LANGUAGES, PageResult, PdfWay, Quality, Reading, SearchablePdf
from ocr_platform.ports import OpenDocument
from ocr_platform.sandbox import answers
from ocr_platform.sandbox.config import Config
from ocr_platform.sandbox.confinement import Confinement
from ocr_platform.sandbox.endings import Killed
from ocr_platform.sandbox.keeper import Keeper, Wanted
from ocr_platform.sandbox.making import by_any_way, checked, sent
from ocr_platform.sandbox.memory import SealedDocument, room_for, sealed, written
from ocr_platform.sandbox.process import HOST_PROGRAM
from ocr_platform.sandbox.speech import Speech

_log = logging.getLogger(__name__)

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
        self._keeper = Keeper(config, temp_dir, dict(environment or {}), program)
        self._languages: frozenset[str] | None = None
        self._speech = Speech(None, ())

    @contextmanager
    def load(self, chunks: Iterable[bytes], password: str | None = None) -> Iterator[OpenDocument]:
        """Take a document into sealed memory; with the context ends the sandbox that saw it.

        The `password` is told the sandbox with each request, and nobody else.
        """
        with sealed(chunks, password) as document:
            try:
                yield document
            finally:
                if self._keeper.has_seen(document):
                    self._keeper.end_sandbox()

    def count_pages(self, document: OpenDocument) -> int:
        """Pages of a document. Raises a DocumentError."""
        try:
            return answers.pages(self._keeper.ask(Wanted(_known(document)), {"do": "count"}), self._config.limits)
        except answers.LieError:
            self._keeper.end_sandbox()
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
            wanted, request = Wanted(_known(document), model), {"do": "sample", "number": number}
            return answers.sample(_twice(number, lambda: self._keeper.ask(wanted, request)))
        except answers.LieError:
            self._keeper.end_sandbox()
            raise DecoderCrash from None

    def searchable_pdf(
        self, document: OpenDocument, pages: Sequence[PageResult], *, archival: bool = False
    ) -> SearchablePdf:
        """A document as a PDF with the words of all its pages, or as PDF/A.

        In a sandbox of its own, which has no model and may write into one piece of memory. All of it may take as long
        as a page: a stage has its time limit. Raises a DocumentError, EngineMissing, SandboxRefused.
        """
        known, most = _known(document), self._config.max_output_bytes
        ends = time.monotonic() + self._config.page_timeout

        def make(way: PdfWay) -> SearchablePdf:
            with room_for(most) as output:
                wanted = Wanted(known, output=output, archival=archival)
                try:
                    ask = partial(self._keeper.ask, wanted, ends=ends)
                    size, lost = sent(ask, way, pages, most, archival=archival)
                finally:
                    self._keeper.end_sandbox()
                return SearchablePdf(checked(written(output, size)), way, lost)

        return by_any_way(make, known.format, archival=archival)

    def languages(self) -> frozenset[str]:
        """Installed models, asked for once. Raises EngineMissing."""
        if self._languages is None:
            answer = self._keeper.ask_host(lambda host: host.languages())
            if "error" in answer:
                raise answers.error(answer["error"])
            self._languages = frozenset(answer["languages"])
            self._speech = Speech(answer.get("directory"), self._languages)
        return self._languages

    def close(self) -> None:
        """End the host and its sandbox; the next request starts new ones."""
        self._keeper.close()

    def confinement(self) -> Confinement:
        """What holds a sandbox on this machine, as one of them found it. Raises EngineMissing, SandboxRefused."""
        if self._keeper.held is None:
            with self.load([_NOTHING]) as document:
                self._keeper.sandbox_for(Wanted(_known(document)))
        if self._keeper.held is None:
            raise SandboxRefused
        return self._keeper.held

    def probe(self) -> None:
        """Start anew, and see whether there is a recogniser and enough that holds it. Raises as `confinement`."""
        self.close()
        self._languages = self._keeper.held = None
        self.languages()
        self.confinement()

    def _page(self, document: OpenDocument, number: int, models: str, reading: Reading) -> PageResult:
        started = time.monotonic()
        quality = reading.quality or self._config.quality
        wanted = Wanted(_known(document), models, second=quality is Quality.BEST)
        answer = self._keeper.ask(wanted, {"do": "page", "number": number, "mode": reading.mode, "quality": quality})
        try:
            result = answers.page(answer, number, self._config.limits, time.monotonic() - started)
        except answers.LieError:
            self._keeper.end_sandbox()
            raise DecoderCrash from None
        self._keeper.recycle()
        return result


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

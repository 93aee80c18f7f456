"""The worker's side of the sandbox: a DocumentReader whose faults are typed and never the worker's own."""

import errno
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ocr_platform.errors import (
    DecoderCrash,
    DocumentDamaged,
    DocumentError,
    EngineMissing,
    PageError,
    PageTimeout,
    PlatformError,
    ScratchFull,
    classes_by_code,
)
from ocr_platform.models import PageResult, Word
from ocr_platform.ports import OpenDocument
from ocr_platform.sandbox.child import Config
from ocr_platform.sandbox.frames import FrameError
from ocr_platform.sandbox.memory import SealedDocument, sealed
from ocr_platform.sandbox.process import SandboxProcess

# The recogniser's own time limit comes first and names the page; the worker's is for what does not keep to it.
_GRACE_SECONDS = 2.0
_START_SECONDS = 30.0


class SandboxReader:
    """Implements `ports.DocumentReader` with one sandbox process, started when it is first needed.

    A crash or a timeout ends the process; the next page goes on in a fresh one. Not for several threads at once.
    """

    def __init__(
        self, config: Config, temp_dir: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self._config = config
        self._temp_dir = temp_dir
        self._environment = dict(environment or {})
        self._process: SandboxProcess | None = None
        self._open: SealedDocument | None = None
        self._languages: frozenset[str] | None = None

    def load(self, chunks: Iterable[bytes]) -> AbstractContextManager[OpenDocument]:
        """Take a document into sealed memory."""
        return sealed(chunks)

    def count_pages(self, document: OpenDocument) -> int:
        """Pages of a document. Raises a DocumentError."""
        answer = self._ask_about(document, {"do": "count"})
        pages = answer.get("pages")
        if not isinstance(pages, int) or not 1 <= pages <= self._config.max_pages:
            raise DocumentDamaged
        return pages

    def recognise(self, document: OpenDocument, number: int, languages: Sequence[str]) -> PageResult:
        """Recognise a page; a fault of the page is in the result. Raises EngineMissing."""
        request = {"do": "page", "number": number, "languages": "+".join(languages)}
        try:
            answer = self._ask_about(document, request)
            return _page(number, answer["page"])
        except PageError as exc:
            return PageResult(number, error=exc.code)
        except (KeyError, TypeError, ValueError):
            self.close()
            return PageResult(number, error=DecoderCrash.code)

    def languages(self) -> frozenset[str]:
        """Installed models, asked for once. Raises EngineMissing."""
        if self._languages is None:
            self._languages = frozenset(map(str, self._ask({"do": "languages"}, _START_SECONDS)["languages"]))
        return self._languages

    def close(self) -> None:
        """End the sandbox process; the next request starts a new one."""
        if self._process is not None:
            self._process.close()
        self._process = None
        self._open = None

    def _ask_about(self, document: OpenDocument, request: dict[str, Any]) -> dict[str, Any]:
        """Ask with the document open on the other side."""
        if not isinstance(document, SealedDocument) or document.format is None:
            raise TypeError("a document that this reader has loaded, of a known format")
        if self._open is not document:
            self._open = None
            opening = {"do": "open", "format": document.format}
            self._ask(opening, self._config.page_timeout, fds=(document.fd,))
            self._open = document
        return self._ask(request, self._config.page_timeout)

    def _ask(self, request: dict[str, Any], timeout: float, fds: tuple[int, ...] = ()) -> dict[str, Any]:
        process = self._running()
        try:
            answer = process.ask(request, timeout + _GRACE_SECONDS, fds)
        except TimeoutError as exc:
            self.close()
            raise PageTimeout from exc
        except FrameError as exc:
            self.close()
            raise DecoderCrash from exc
        except BaseException:
            # A time limit or a shutdown struck in between: a late answer must not meet the next request.
            self.close()
            raise
        if "error" in answer:
            raise _error(answer["error"])
        return answer

    def _running(self) -> SandboxProcess:
        if self._process is not None and self._process.owner != os.getpid():
            self._process.abandon()
            self._process = self._open = None
        if self._process is None:
            try:
                self._process = SandboxProcess(self._config, self._temp_dir, self._environment)
            except OSError as exc:
                if exc.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise ScratchFull from exc
        return self._process


def _error(code: object) -> PlatformError:
    """The error of a code, of those that a sandbox can meet; the message is ours, whatever the sandbox says."""
    found = classes_by_code().get(str(code), DecoderCrash)
    return found() if issubclass(found, (DocumentError, EngineMissing, ScratchFull)) else DecoderCrash()


def _page(number: int, item: dict[str, Any]) -> PageResult:
    """A page result from the other side, each value of the type that it must have."""
    return PageResult(
        number=number,
        width=int(item["width"]),
        height=int(item["height"]),
        dpi=int(item["dpi"]),
        text=str(item["text"]),
        words=tuple(_word(word) for word in item["words"]),
        seconds=float(item["seconds"]),
    )


def _word(item: dict[str, Any]) -> Word:
    numbers = ("left", "top", "width", "height", "block", "paragraph", "line")
    return Word(
        text=str(item["text"]),
        confidence=float(item["confidence"]),
        **{name: int(item[name]) for name in numbers},
    )

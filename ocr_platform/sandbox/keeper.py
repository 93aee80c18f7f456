"""The one host and the one sandbox that a reader has: started when they are needed, ended when they are not."""

import errno
import logging
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ocr_platform.errors import EngineMissing, PageTimeout, SandboxRefused, ScratchFull
from ocr_platform.models import SandboxMode
from ocr_platform.sandbox import answers
from ocr_platform.sandbox.config import Config
from ocr_platform.sandbox.confinement import Confinement
from ocr_platform.sandbox.endings import error_of
from ocr_platform.sandbox.frames import FrameError
from ocr_platform.sandbox.memory import SealedDocument
from ocr_platform.sandbox.process import Ending, Sandbox, SandboxHost

_log = logging.getLogger(__name__)

# The recogniser's own time limit comes first and leaves the sandbox alive; this is for what does not keep to it.
_GRACE_SECONDS = 2.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sandbox is forked for: a document, models (`eng+deu`, or none), where an output goes, what is loaded."""

    document: SealedDocument
    models: str = ""
    output: int | None = None
    second: bool = False
    archival: bool = False


class Keeper:
    """Keeps the sandbox that was wanted last. Not for several threads at once.

    Every way in which a sandbox or its host can fail is a PlatformError.
    """

    def __init__(
        self, config: Config, temp_dir: Path | None, environment: Mapping[str, str], program: Sequence[str]
    ) -> None:
        self._config = config
        self._temp_dir = temp_dir
        self._environment = environment
        self._program = program
        self._wanted: Wanted | None = None
        self._missed_second = False
        self.host: SandboxHost | None = None
        self.sandbox: Sandbox | None = None
        self.held: Confinement | None = None

    def ask(self, wanted: Wanted, request: dict[str, Any], ends: float = math.inf) -> dict[str, Any]:
        """Ask a sandbox, until `ends` (monotonic) at most. Raises a PlatformError."""
        sandbox = self.sandbox_for(wanted)
        if wanted.document.password is not None:
            request = {**request, "password": wanted.document.password}
        seconds = min(self._config.page_timeout, ends - time.monotonic()) + _GRACE_SECONDS
        try:
            answer = sandbox.ask(request, seconds)
        except TimeoutError as exc:
            self.end_sandbox()
            raise PageTimeout from exc
        except FrameError as exc:
            raise error_of(self.end_sandbox()) from exc
        except BaseException:
            # A time limit or a shutdown struck in between: a late answer must not meet the next request.
            self.close()
            raise
        if "error" in answer:
            raise answers.error(answer["error"])
        return answer

    def ask_host(self, ask: Callable[[SandboxHost], T]) -> T:
        """Ask the host, and once more a new one: it sees nothing foreign, so that its death is nobody's page's.

        Raises EngineMissing, ScratchFull.
        """
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

    def sandbox_for(self, wanted: Wanted) -> Sandbox:
        """The sandbox that was forked for this, or a new one. Raises a PlatformError."""
        self._forget_the_parents()
        if self.sandbox is not None and self._wanted == wanted:
            return self.sandbox
        self.end_sandbox()
        forked = self.ask_host(lambda host: _fork(host, wanted))
        if isinstance(forked, str):
            raise answers.error(forked)
        self.sandbox, self._wanted = forked, wanted
        if wanted.second and not forked.has_second and not self._missed_second:
            self._missed_second = True
            _log.warning("second_reader_missing")  # once: the pages are read as well as it goes without it
        try:
            self._require(forked.held(self._config.page_timeout + _GRACE_SECONDS))
        except (FrameError, TimeoutError) as exc:
            raise error_of(self.end_sandbox()) from exc
        return forked

    def has_seen(self, document: SealedDocument) -> bool:
        """Whether the sandbox that is there was forked for this document."""
        return self._wanted is not None and self._wanted.document is document

    def recycle(self) -> None:
        """Count a page; end a sandbox that has read enough, before what libraries keep from page to page adds up."""
        if self.sandbox is not None:
            self.sandbox.pages += 1
            full = self.sandbox.resident_bytes() > self._config.recycle_bytes
            if full or self.sandbox.pages >= self._config.recycle_pages:
                self.end_sandbox()

    def end_sandbox(self) -> Ending | None:
        """End the sandbox, if there is one; how it ended, if its host can tell."""
        ended, self.sandbox, self._wanted = self.sandbox, None, None
        if ended is None:
            return None
        try:
            return ended.end()
        except (FrameError, TimeoutError):
            self._close_failed()
            return None

    def close(self) -> None:
        """End the host and its sandbox; the next request starts new ones."""
        if self.sandbox is not None:
            self.sandbox.abandon()
        if self.host is not None:
            self.host.close()
        self.host = self.sandbox = self._wanted = None

    def _require(self, held: Confinement) -> None:
        """Note what holds; with OCR_SANDBOX=strict nothing may be missing, and nothing open on an older kernel."""
        if held != self.held and (held.missing or held.open_doors):
            level = logging.WARNING if held.open_doors else logging.INFO
            fields = {"missing": ", ".join(held.missing), "open": ", ".join(held.open_doors)}
            _log.log(level, "sandbox_incomplete", extra=fields)
        self.held = held
        if (held.missing or held.open_doors) and self._config.mode is SandboxMode.STRICT:
            self.end_sandbox()
            raise SandboxRefused

    def _close_failed(self) -> None:
        """End a host that is gone or silent, and tell how it ended: what it said itself goes nowhere, for secrecy."""
        try:
            if self.host is not None:
                _log.error("sandbox_host_lost", extra={"status": self.host.status()})
        finally:
            # Also when a time limit strikes while it is waited for: a late answer must not meet the next request.
            self.close()

    def _forget_the_parents(self) -> None:
        """What was started before a fork of this process belongs to the parent."""
        if self.host is not None and self.host.owner != os.getpid():
            self.host.abandon()
            if self.sandbox is not None:
                self.sandbox.abandon()
            self.host = self.sandbox = self._wanted = None

    def _running(self) -> SandboxHost:
        self._forget_the_parents()
        if self.host is None:
            try:
                self.host = SandboxHost(self._config, self._temp_dir, self._environment, self._program)
            except OSError as exc:
                if exc.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise ScratchFull from exc
        return self.host


def _fork(host: SandboxHost, wanted: Wanted) -> Sandbox | str:
    """A sandbox, or an error's code."""
    document = wanted.document
    if document.format is None:
        raise TypeError("a document of a known format")
    return host.fork(
        document.format,
        wanted.models,
        document.fd,
        wanted.output,
        second=wanted.second,
        archival=wanted.archival,
    )

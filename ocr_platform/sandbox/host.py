"""The sandboxes' host: has the engine and its models loaded, and forks a sandbox for each document.

It never touches a foreign byte and knows no secret. One host belongs to one worker process and ends with it.
Started as `python -I -m ocr_platform.sandbox.host CHANNEL_FD WORKER_PID CONFIG_JSON SCRATCH` with an empty environment.
"""

import ctypes
import gc
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ocr_platform.errors import FormatUnsupported, PdfaMissing, PlatformError
from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.engines import OcrEngine
from ocr_platform.ocr.engines.choice import SecondReader, make_engine
from ocr_platform.ocr.engines.tessdata import tessdata_dir
from ocr_platform.ocr.layers import BringsText
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.opening import open_pages
from ocr_platform.ocr.prepare import prepared
from ocr_platform.sandbox import frames, landlock, seccomp
from ocr_platform.sandbox.child import Birth, live, ran_out_of_memory
from ocr_platform.sandbox.config import Config
from ocr_platform.sandbox.confinement import Doors
from ocr_platform.sandbox.limits import die_with_parent
from ocr_platform.sandbox.namespaces import leave_network
from ocr_platform.sandbox.samples import samples
from ocr_platform.sandbox.scratch import empty, remove_tree

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
# For a page of our own, whatever the settings allow others.
_OWN_LIMITS = Limits(max_pages=1, max_pixels=10**6, max_document_pixels=10**6, max_page_inches=10, render_dpi=72)


class _WorkerGone(BaseException):
    """Raised wherever the host is, by the signal that tells of its worker's death."""


class Host:
    """Forks sandboxes, ends them, and tells how they ended."""

    def __init__(self, config: Config, engine: OcrEngine, doors: Doors, scratch: Path) -> None:
        self._config = config
        self._engine = engine
        self._doors = doors
        self._scratch = scratch
        self._second = SecondReader()
        self._alive: dict[int, int] = {}  # by process id, the descriptor that takes what its libraries say

    def answer(self, request: dict[str, Any], fds: list[int]) -> tuple[dict[str, Any], list[int]]:
        """Do what the worker asks; descriptors that go with the answer are closed by the caller."""
        try:
            match request:
                case {"do": "languages"}:
                    return self._languages(), []
                case {
                    "do": "fork",
                    "format": str(format),
                    "languages": str(languages),
                    "second": bool(second),
                    "archival": bool(archival),
                }:
                    if archival:
                        load_archival_writer()
                    return self._fork(DocumentFormat(format), languages, *fds, second=second)
                case {"do": "end", "pid": int(pid)}:
                    return self._end(pid), []
        except PlatformError as exc:
            return {"error": exc.code}, []
        raise frames.FrameError("unknown request")

    def end_all(self) -> None:
        """Kill every sandbox with what it started."""
        for pid in list(self._alive):
            self._end(pid)

    def _languages(self) -> dict[str, Any]:
        there = sorted(self._engine.languages())
        directory = tessdata_dir()
        return {
            "languages": there,
            "engine": self._engine.name,
            "directory": None if directory is None else str(directory),
        }

    def _fork(
        self, format: DocumentFormat, languages: str, document: int, output: int | None = None, *, second: bool
    ) -> tuple[dict[str, Any], list[int]]:
        if languages:
            self._engine.prepare(languages)
        reader = self._second.load() if second else None
        if output is not None:
            load_pdf_writer()
        ours, theirs = socket.socketpair()
        complaints = os.memfd_create("complaints", os.MFD_CLOEXEC)
        birth = Birth(
            channel=theirs.fileno(),
            document=document,
            complaints=complaints,
            format=format,
            languages=languages,
            engine=self._engine,
            config=self._config,
            doors=self._doors,
            second=reader,
            output=output,
        )
        host_pid = os.getpid()
        gc.freeze()  # a collection in the sandbox would write to, and so copy, every page that they share
        with theirs:
            pid = os.fork()
            if pid == 0:
                live(birth, host_pid)
        with suppress(OSError):  # the child does it too: whoever comes first
            os.setpgid(pid, pid)
        self._alive[pid] = complaints
        return {"pid": pid, "second": reader is not None}, [ours.detach()]

    def _end(self, pid: int) -> dict[str, Any]:
        """Kill a sandbox and whatever it started; how it had ended, if it had.

        Its process id cannot belong to anybody else before it is waited for.
        """
        complaints = self._alive.pop(pid)
        os.kill(pid, signal.SIGKILL)  # by itself too: without seccomp it may have left its group
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        _pid, status = os.waitpid(pid, 0)
        _end_group(pid)
        if not self._alive:
            empty(self._scratch)  # a page that it was killed over must not be there for the next document
        memory = ran_out_of_memory(complaints)
        os.close(complaints)
        return {"status": os.waitstatus_to_exitcode(status), "memory": memory}


def _end_group(leader: int) -> None:
    """Kill and collect what a sandbox left: this process is its next parent (prctl(2), PR_SET_CHILD_SUBREAPER)."""
    with suppress(ProcessLookupError):
        while True:
            os.killpg(leader, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(-leader, 0)


def serve(channel: socket.socket, host: Host, worker: int | None) -> None:
    """Answer requests until the worker is gone; `worker` is a descriptor that becomes readable then."""
    watched: list[socket.socket | int] = [channel] if worker is None else [channel, worker]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if worker in ready:
            return
        request, fds = frames.receive(channel, max_fds=2)
        answer, passed = host.answer(request, fds)
        try:
            frames.send(channel, answer, passed)
        finally:
            for descriptor in (*fds, *passed):
                os.close(descriptor)


@cache
def load_pdf_writer() -> None:
    """Load what takes PDFs apart and puts them together, before the first sandbox that is to do that is forked."""
    from ocr_platform.sandbox.pdf.warming import warm_up_pdf

    warm_up_pdf(_OWN_LIMITS)


@cache
def load_archival_writer() -> None:
    """Load what makes PDF/A and approves of it. Raises PdfaMissing without the extra `pdfa`.

    Looked for again the next time when it is not there: what is kept is that it was loaded.
    """
    if not all(map(find_spec, ("fontTools", "jsonschema", "referencing"))):
        raise PdfaMissing
    load_pdf_writer()
    try:
        from ocr_platform.sandbox.pdf.archival.warming import warm_up_pdfa
    except ImportError as exc:  # one of them that is too old
        raise PdfaMissing from exc
    warm_up_pdfa(_OWN_LIMITS)


def warm_up() -> None:
    """Decode a page of our own in every format: libraries load parts of themselves when these are first needed."""
    for kind, body in samples():
        with os.fdopen(os.memfd_create("sample", os.MFD_CLOEXEC), "w+b") as file:
            file.write(body)
            file.seek(0)
            with suppress(FormatUnsupported):  # a Pillow that was built without it
                pages = open_pages(file, kind, _OWN_LIMITS)
                pages.count()
                if isinstance(pages, BringsText):
                    pages.layer(1)
                prepared(pages.render(1), "")


def doors(engine: OcrEngine, scratch: Path, *, network_left: bool) -> Doors:
    """What sandboxes with this engine shut behind themselves."""
    command = engine.command()
    if command is None:
        return Doors(seccomp.compiled(may_start_command=False), network_left, root=scratch)
    allowed = {
        **dict.fromkeys(command.reads, landlock.READ),
        **dict.fromkeys(command.runs, landlock.READ | landlock.EXECUTE),
        scratch: landlock.OWN,
    }
    return Doors(seccomp.compiled(may_start_command=True), network_left, may_start_command=True, allowed=allowed)


def _refuse(channel: socket.socket, code: str) -> None:
    """Answer everything with the same error: without an engine there is nothing to do."""
    while True:
        _request, fds = frames.receive(channel, max_fds=2)
        for descriptor in fds:
            os.close(descriptor)
        frames.send(channel, {"error": code})


def _end_with_worker(pid: int) -> int | None:
    """Have this process told when its worker dies: by a signal, and by a descriptor where the kernel has one."""

    def gone(*_: object) -> None:
        raise _WorkerGone

    signal.signal(signal.SIGTERM, gone)
    die_with_parent(pid)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    with suppress(OSError):  # a container's filter may refuse it
        return os.pidfd_open(pid)
    return None


def main(argv: list[str]) -> None:
    """Load everything that decoding needs, then serve."""
    channel = socket.socket(fileno=int(argv[1]))
    config, scratch = Config.from_json(argv[3]), Path(argv[4])
    network_left = leave_network()  # before the signal is asked for: new credentials forget it (prctl(2))
    host: Host | None = None
    try:
        worker = _end_with_worker(int(argv[2]))
        try:
            engine = make_engine(config.engine, scratch, config.model_cache_bytes)
            host = Host(config, engine, doors(engine, scratch, network_left=network_left), scratch)
        except PlatformError as exc:
            _refuse(channel, exc.code)
            return
        warm_up()
        serve(channel, host, worker)
    except (frames.FrameError, _WorkerGone):
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if host is not None:
            host.end_all()
        remove_tree(scratch)


if __name__ == "__main__":
    main(sys.argv)

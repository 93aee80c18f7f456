"""Starting and ending a host and its sandboxes, seen from the worker."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_platform.models import DocumentFormat
from ocr_platform.sandbox import frames
from ocr_platform.sandbox.config import Config
from ocr_platform.sandbox.confinement import Confinement
from ocr_platform.sandbox.scratch import Scratch

HOST_PROGRAM = ("-I", "-m", "ocr_platform.sandbox.host")
# Starting Python, the libraries and a set of models: a fraction of a second, on a busy machine some.
_HOST_SECONDS = 30.0
# And the second reader's libraries and networks.
_SECOND_SECONDS = 90.0
# A host must have one thread when it forks, and nobody is to be told what runs here: onnxruntime's Privacy.md.
# A date without a zone gets one in PDF/A, wherever this runs the same.
_QUIET = {"OPENBLAS_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1", "TZ": "UTC0"}
_LAST_SECONDS = 1.0  # for a host that has closed its channel to end
_KILLED_SECONDS = 2.0  # from SIGKILL to the end: the time to free its memory


@dataclass(frozen=True, slots=True)
class Ending:
    """How a sandbox ended: minus the number of a signal, or an exit code. `memory`: a library had none left."""

    status: int
    memory: bool


class SandboxHost:
    """One host in a session of its own; nothing of it and of its sandboxes is left after `close`."""

    def __init__(
        self,
        config: Config,
        temp_dir: Path | None,
        environment: Mapping[str, str],
        program: Sequence[str] = HOST_PROGRAM,
    ) -> None:
        self._scratch = Scratch(temp_dir)
        self._sandboxes: set[int] = set()
        self._channel, theirs = socket.socketpair()
        scratch = str(self._scratch.path)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own module, no shell
                [sys.executable, *program, str(theirs.fileno()), str(os.getpid()), config.to_json(), scratch],
                env={**environment, **_QUIET, "TMPDIR": scratch},
                cwd=scratch,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.owner = os.getpid()

    @property
    def pid(self) -> int:
        """The host's process id."""
        return self._process.pid

    def languages(self) -> dict[str, Any]:
        """The engine's name and its models, or an error's code. Raises FrameError, TimeoutError."""
        return self._ask({"do": "languages"})

    def fork(
        self,
        format: DocumentFormat,
        languages: str,
        document: int,
        output: int | None = None,
        *,
        second: bool = False,
        archival: bool = False,
    ) -> "Sandbox | str":
        """A sandbox for the document behind a descriptor, or an error's code. Raises FrameError, TimeoutError.

        What it makes of the document goes into `output`. It has a second reader when one is asked for by `second` and
        is installed; with `archival` it can make PDF/A.
        """
        request = {"do": "fork", "format": format, "languages": languages, "second": second, "archival": archival}
        fds = [document] if output is None else [document, output]
        frames.send(self._channel, request, fds, self._deadline())
        deadline = self._deadline() + (_SECOND_SECONDS if second else 0)
        answer, fds = frames.receive(self._channel, max_fds=1, deadline=deadline)
        if "error" in answer:
            return str(answer["error"])
        self._sandboxes.add(answer["pid"])
        return Sandbox(self, int(answer["pid"]), socket.socket(fileno=fds[0]), has_second=bool(answer["second"]))

    def end(self, pid: int) -> Ending:
        """End a sandbox with all that it started. Raises FrameError, TimeoutError."""
        answer = self._ask({"do": "end", "pid": pid})
        self._sandboxes.discard(pid)
        return Ending(int(answer["status"]), bool(answer["memory"]))

    def status(self) -> int | None:
        """How it ended: an exit code, or minus the number of a signal; None when it is there and does not answer."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_LAST_SECONDS)
        return None

    def close(self) -> None:
        """Kill the host, its sandboxes and whatever they started, and remove its directory."""
        self._channel.close()
        # The host first, so that it forks no more; its sandboxes die with it, what they started with their groups.
        watched = [descriptor for descriptor in map(_watched, self._sandboxes) if descriptor is not None]
        for group in (self._process.pid, *self._sandboxes):
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self._process.wait()
        for descriptor in watched:  # what still runs may still write into the directory
            select.select([descriptor], [], [], _KILLED_SECONDS)
            os.close(descriptor)
        self._scratch.close()

    def abandon(self) -> None:
        """Forget a host that belongs to the process we were forked from."""
        self._channel.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        frames.send(self._channel, request, deadline=self._deadline())
        answer, _ = frames.receive(self._channel, deadline=self._deadline())
        return answer

    @staticmethod
    def _deadline() -> float:
        return time.monotonic() + _HOST_SECONDS


def _watched(pid: int) -> int | None:
    """A descriptor that becomes readable when a process has ended; None when it has, or the kernel has none."""
    with suppress(OSError):
        return os.pidfd_open(pid)
    return None


class Sandbox:
    """One sandbox with one document."""

    def __init__(self, host: SandboxHost, pid: int, channel: socket.socket, *, has_second: bool = False) -> None:
        self.has_second = has_second
        self._host = host
        self._channel = channel
        self.pid = pid
        self.pages = 0

    def held(self, seconds: float) -> Confinement:
        """What holds it: its first word, from before it saw the document. Raises FrameError, TimeoutError."""
        said, _ = frames.receive(self._channel, deadline=time.monotonic() + seconds)
        return Confinement(**said["held"])

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """One request, one answer. Raises FrameError when it died, TimeoutError when it took too long."""
        deadline = time.monotonic() + seconds
        frames.send(self._channel, request, deadline=deadline)
        answer, _ = frames.receive(self._channel, deadline=deadline)
        return answer

    def resident_bytes(self) -> int:
        """Memory that is resident now, by the kernel's account (proc(5)); 0 when it is gone."""
        with suppress(OSError):
            pages = Path(f"/proc/{self.pid}/statm").read_bytes().split()[1]
            return int(pages) * os.sysconf("SC_PAGE_SIZE")
        return 0

    def end(self) -> Ending:
        """End it. Raises FrameError, TimeoutError when its host is gone."""
        self._channel.close()
        return self._host.end(self.pid)

    def abandon(self) -> None:
        """Forget it: its host ends it, or it belongs to the process we were forked from."""
        self._channel.close()

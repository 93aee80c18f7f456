"""One supervised process of the stack."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from mirakuru import SimpleExecutor

from ocr_platform.errors import StackFailed

_HOST = "127.0.0.1"
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.05
_LOG_LINES = 5


class Service(SimpleExecutor):
    """A process with an environment of its own and a log file, which dies when the supervisor does."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        log: Path,
        stop_signal: signal.Signals = signal.SIGTERM,
        user: str | None = None,
        orphan_signal: signal.Signals | None = None,
    ) -> None:
        self.name = name
        self._environment = dict(environment)
        self._log = log
        super().__init__(
            _guarded(command, orphan_signal or stop_signal, user),
            cwd="/",
            timeout=_STOP_SECONDS,
            sleep=_POLL_SECONDS,
            stop_signal=stop_signal,
        )

    @property
    def envvars(self) -> dict[str, str]:
        """Nothing of our own environment, apart from the supervisor's mark."""
        inherited = super().envvars
        return {**self._environment, "mirakuru_uuid": inherited["mirakuru_uuid"]}

    def launch(self) -> None:
        """Start without waiting for anything."""
        with self._log.open("ab") as log, open(os.devnull, "rb") as nothing:
            self._stdin, self._stdout, self._stderr = nothing, log, log
            self.start()

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until `ready` says so. Raises StackFailed when the process ends, or takes too long."""
        ends = time.monotonic() + _START_SECONDS
        while True:
            self.check()
            if ready():
                return
            if time.monotonic() >= ends:
                raise StackFailed(f"{self.name} did not get ready in {_START_SECONDS:.0f} s.{self._last_words()}")
            time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Raise StackFailed when the process is not running."""
        if not self.running():
            code = self.process.returncode if self.process else None
            raise StackFailed(f"{self.name} ended with exit code {code}.{self._last_words()}")

    def ask_to_stop(self) -> None:
        """Send the stop signal to the process alone: what it started, it ends itself."""
        if self.process is not None and self.running():
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, self._stop_signal)

    def finish(self) -> None:
        """Wait for the end; after a few seconds kill the process and all that it started."""
        if self.process is None:
            return
        with suppress(TimeoutError):
            _wait(lambda: not self.running(), _STOP_SECONDS)
        self.kill()

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(errors="replace").strip().splitlines()[-_LOG_LINES:]
        except OSError:
            return ""
        return " Its last words:\n  " + "\n  ".join(lines) if lines else ""


def _guarded(command: Sequence[str | Path], orphan_signal: signal.Signals, user: str | None) -> list[str]:
    """The command, to get this signal from the kernel when we die, as `user` if given (needs root)."""
    identity = [f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
    name = orphan_signal.name.removeprefix("SIG")
    return [require("setpriv"), f"--pdeathsig={name}", *identity, "--", *map(str, command)]


def _wait(condition: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= ends:
            raise TimeoutError
        time.sleep(_POLL_SECONDS)


def require(program: str) -> str:
    """The path of a program. Raises StackFailed when it is not installed."""
    found = shutil.which(program)
    if found is None:
        raise StackFailed(f"{program} is not installed; run scripts/bootstrap.")
    return found


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on now, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((_HOST, 0))
        return [each.getsockname()[1] for each in sockets]

"""Starting, asking and ending one sandbox process."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ocr_platform.sandbox import frames
from ocr_platform.sandbox.child import Config
from ocr_platform.sandbox.scratch import Scratch


class SandboxProcess:
    """One child in a session of its own; nothing of it is left after `close`."""

    def __init__(self, config: Config, temp_dir: Path | None, environment: Mapping[str, str]) -> None:
        self._scratch = Scratch(temp_dir)
        ours, theirs = socket.socketpair()
        settled = replace(config, scratch=str(self._scratch.path))
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own module, no shell
                [
                    sys.executable,
                    "-I",
                    "-m",
                    "ocr_platform.sandbox.child",
                    str(theirs.fileno()),
                    str(os.getpid()),
                    json.dumps(asdict(settled)),
                ],
                env={**environment, "TMPDIR": str(self._scratch.path)},
                cwd=self._scratch.path,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # decoders write there, and it may be text of the document
                start_new_session=True,
            )
        self._channel = ours
        self.owner = os.getpid()

    def ask(self, request: dict[str, Any], timeout: float, fds: tuple[int, ...] = ()) -> dict[str, Any]:
        """One request, one answer. Raises FrameError when the child died, TimeoutError when it took too long."""
        self._channel.settimeout(timeout)
        frames.send(self._channel, request, fds)
        answer, _ = frames.receive(self._channel)
        return answer

    def close(self) -> None:
        """Kill the child and whatever it started, and remove its directory."""
        self._channel.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._scratch.close()

    def abandon(self) -> None:
        """Forget a child that belongs to the process we were forked from."""
        self._channel.close()

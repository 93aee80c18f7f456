"""Tools that stay up, as a service has them: start and first page are not what a page costs."""

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.accuracy.tools.base import PATIENCE_SECONDS, Identity, Outcome, environment, last_line
from benchmarks.speed.corpus import Page
from benchmarks.speed.peer_environment import ROOT
from benchmarks.speed.usage import Usage, measured


class Gone(Exception):
    """A reader ended, or was ended, before it answered; the message is what it said last."""


class WarmReader:
    """A process that speaks `benchmarks.accuracy.protocol`, started when it is first needed and again when it died.

    Before the first page of each language it reads `warm_up`, so that the order of pages changes no figure.
    """

    def __init__(
        self, identity: Identity, command: Sequence[str | Path], models: Path, scratch: Path, warm_up: Path
    ) -> None:
        self.identity = identity
        self._command = command
        self._models = models
        self._scratch = scratch
        self._warm_up = warm_up
        self._process: subprocess.Popen[str] | None = None
        self._folder: Path | None = None
        self._warm: set[str] = set()

    def read(self, page: Page, file: Path) -> Outcome:
        """Read a page."""
        usages: list[Usage] = []
        try:
            process = self._running()
            if page.languages not in self._warm:
                self._ask(process, self._warm_up, page.languages)
                self._warm.add(page.languages)
            with measured(process.pid, usages):
                answer = self._ask(process, file, page.languages)
        except Gone as exc:
            self.close()
            return Outcome("", 0.0, 0.0, 0, str(exc))
        usage = usages[0]
        return Outcome(answer.get("text", ""), usage.cpu_seconds, usage.seconds, usage.peak_bytes, answer.get("error"))

    def close(self) -> None:
        """End the process; the next page starts another."""
        process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None and not process.stdin.closed:
                process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None
        self._warm.clear()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._folder = Path(tempfile.mkdtemp(dir=self._scratch))
            with (self._folder / "log").open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603  our own program
                    self._command,
                    cwd=ROOT,
                    env=environment(self._folder, self._models),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
            self._answer(self._process)
        return self._process

    def _ask(self, process: subprocess.Popen[str], file: Path, languages: str) -> Mapping[str, str]:
        if process.stdin is None:
            raise TypeError("a process with pipes")
        try:
            process.stdin.write(json.dumps({"path": str(file), "languages": languages}) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise Gone(self._said()) from None
        return self._answer(process)

    def _answer(self, process: subprocess.Popen[str]) -> Mapping[str, str]:
        if process.stdout is None:
            raise TypeError("a process with pipes")
        timer = threading.Timer(PATIENCE_SECONDS, process.kill)
        timer.start()
        try:
            line = process.stdout.readline()
        finally:
            timer.cancel()
        if not line.endswith("\n"):
            raise Gone(self._said())
        answer: Mapping[str, str] = json.loads(line)
        return answer

    def _said(self) -> str:
        return f"the reader ended: {last_line(self._folder / 'log')}" if self._folder is not None else ""

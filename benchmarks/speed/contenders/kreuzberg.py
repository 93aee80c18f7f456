"""Kreuzberg's batch call, in a Python process that has it imported already."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.speed.contenders.base import ContenderFailed, Ground, Turn, required, tail
from benchmarks.speed.peer_environment import ROOT
from benchmarks.speed.usage import Usage, measured


@dataclass(frozen=True, slots=True)
class Kreuzberg:
    """`batch_extract_files_sync` with forced OCR by its own Tesseract, with the number of threads that it chooses."""

    name: str = "kreuzberg"
    title: str = "Kreuzberg, one batch"

    def turn(self, ground: Ground) -> Turn:
        """Recognise all pages once."""
        python = required("python")
        required("kreuzberg")
        with ground.folder() as folder:
            given, log, out = folder / "given.json", folder / "log", folder / "out.json"
            pairs = zip(ground.files, ground.pages, strict=True)
            given.write_text(json.dumps([[str(path), page.languages] for path, page in pairs]))
            with log.open("wb") as said:
                usage = _call(
                    [python, "-m", "benchmarks.speed.peers.kreuzberg_batch", given, out], ground, folder, said
                )
            if usage is None:
                raise ContenderFailed(f"it ended early{tail(log)}")
            return Turn(usage, json.loads(out.read_text()))


def _call(command: list[str | Path], ground: Ground, folder: Path, said: IO[bytes]) -> Usage | None:
    """Measure from the word to go until all texts are there; None when there are none."""
    usages: list[Usage] = []
    environment = ground.environment(folder) | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: S603  our own script
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise TypeError("a process with pipes")
        ready = process.stdout.readline().strip() == "ready"
        if ready:
            with measured(process.pid, usages):
                process.stdin.write("go\n")
                process.stdin.flush()
                done = process.stdout.readline().strip() == "done"
    return usages[0] if ready and done else None

"""What the acceptance tests have in common: the command line, uploads as an application makes them, text distance."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GENERATED = Path(__file__).parents[1] / "data/generated"
CORPUS = Path(os.environ.get("OCR_CORPUS", Path(__file__).parents[3] / "shared/corpus"))
PROGRAM = (sys.executable, "-m", "ocr_platform")


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def run(*arguments: str | Path, environment: dict[str, str] | None = None, cwd: Path | None = None) -> Ran:
    """Run `ocr-platform` with our own environment and `environment` on top."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        env=os.environ | (environment or {}),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def truth_of(name: str) -> str:
    return (GENERATED / f"{name}.gt.txt").read_text(encoding="utf-8")


def character_error(read: str, truth: str) -> float:
    """Edits (Levenshtein 1966) to turn what was read into the truth, per character of the truth; white space folded."""
    return _distance(" ".join(read.split()), " ".join(truth.split())) / max(1, len(" ".join(truth.split())))


def _distance(left: Sequence[str], right: Sequence[str]) -> int:
    row = list(range(len(right) + 1))
    for i, mine in enumerate(left, 1):
        before, row[0] = row[0], i
        for j, theirs in enumerate(right, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (mine != theirs))
    return row[-1]

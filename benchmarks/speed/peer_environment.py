"""The peers' virtual environment, and scripts that need what is installed in it alone."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers"


def peer_program(name: str) -> Path | None:
    """A program of that environment; None when it is not installed."""
    path = PEERS / "bin" / name
    return path if os.access(path, os.X_OK) else None


def peer_script(name: str, given: object, *arguments: str, package: str = "benchmarks.speed.peers") -> Any:
    """Run a module of `package` there: JSON in, JSON out; None when the environment is not installed."""
    python = peer_program("python")
    if python is None:
        return None
    done = subprocess.run(  # noqa: S603  our own script
        [python, "-m", f"{package}.{name}", *arguments],
        cwd=ROOT,
        input=json.dumps(given),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout)

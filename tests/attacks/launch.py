"""Becomes a worker on a kernel that offers less, as root or as an ordinary user, and attacks it from its own sandbox.

`launch.py PROGRAM LEVEL USER ENGINE FOLDER`: PROGRAM is `worker.py` or `bomb.py`, USER a number, 0 for whoever starts
this. The program prints one JSON object.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.attacks.levels import LEVELS, become

_CLONE_NEWNS = 0x20000
_HERE = Path(__file__).parent


def main() -> None:
    program, level, user, engine, folder = sys.argv[1:]
    if int(user):
        open_interpreter()
    become(LEVELS[level])
    if int(user):
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    # A new program: with its ids changed, the old one would be shut to others of the same user, which workers are not.
    os.execv(sys.executable, [sys.executable, str(_HERE / program), engine, folder])  # noqa: S606


def open_interpreter() -> None:
    """Let others reach this Python, which may lie in root's home: in mounts of this process alone."""
    prefix = Path(sys.base_prefix).resolve()
    closed = next((path for path in reversed(prefix.parents) if not path.stat().st_mode & 1), None)
    if closed is None:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    aside = tempfile.mkdtemp()
    for words in (
        "--make-rprivate /",
        f"--bind {prefix} {aside}",
        f"-t tmpfs -o mode=755,size=1m none {closed}",
    ):
        subprocess.run(["mount", *words.split()], check=True)
    prefix.mkdir(parents=True)
    subprocess.run(["mount", "--bind", aside, str(prefix)], check=True)
    subprocess.run(["umount", aside], check=True)
    shutil.rmtree(aside)


if __name__ == "__main__":
    if len(sys.argv) == 1:  # whether it can be done at all
        open_interpreter()
        print(json.dumps("ready"))
    else:
        main()

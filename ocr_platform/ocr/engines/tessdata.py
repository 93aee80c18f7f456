"""Where the models are: what the environment says, or else what the installed `tesseract` command uses itself."""

import os
import re
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path

_LISTED_IN = re.compile(r'"([^"\n]+)"')
_SECONDS = 20


def tessdata_dir() -> Path | None:
    """The directory that holds `*.traineddata`; None when there is none to be found."""
    told = os.environ.get("TESSDATA_PREFIX")
    candidates = [Path(told), Path(told, "tessdata")] if told else _of_the_command()
    return next((path for path in candidates if any(path.glob("*.traineddata"))), None)


def _of_the_command() -> tuple[Path, ...]:
    program = shutil.which("tesseract")
    return () if program is None else _said_by(program)


@cache
def _said_by(program: str) -> tuple[Path, ...]:
    """`tesseract --list-langs` names its directory in the line above the list (Tesseract 5). It is asked once."""
    with suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(  # noqa: S603  what is found on the PATH that the settings give
            [program, "--list-langs"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
        head = (listed.stdout + listed.stderr).partition("\n")[0]
        return tuple(Path(found) for found in _LISTED_IN.findall(head))
    return ()

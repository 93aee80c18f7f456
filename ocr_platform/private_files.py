"""Files that hold what a document says, or a secret: for their owner alone."""

import os
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read; one that is there is written anew. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)  # also where an earlier one was open to others
        file.write(content)


def read_secret(path: Path) -> str:
    """The secret in a file, without the line end that editors add. Raises OSError, UnicodeDecodeError."""
    return path.read_text(encoding="utf-8").rstrip("\r\n")

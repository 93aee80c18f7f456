"""Looking for words of a document, and for secrets, where none may be."""

import base64
import os
import stat
from collections.abc import Iterable
from pathlib import Path

# Words that no program says by chance; each is searched for alone, since words.json tears a sentence apart.
VOCABULARY = ("armadillo", "heliotrope", "marzipan", "xylophone", "periwinkle", "tambourine", "flamingo", "turquoise")


def traces(haystack: bytes, words: Iterable[str]) -> list[str]:
    """Words that occur: in any case, in UTF-8, UTF-16 or hexadecimal, or in base64 (as in Celery's messages)."""
    lowered = haystack.lower()
    return [
        word
        for word in words
        if any(plain in lowered for plain in _plain(word)) or any(piece in haystack for piece in _in_base64(word))
    ]


def _plain(word: str) -> set[bytes]:
    small = word.lower()
    encoded = {small.encode(), small.encode("utf-16-le"), small.encode("utf-16-be")}
    return encoded | {small.encode().hex().encode(), word.encode().hex().encode()}


def _in_base64(word: str) -> list[bytes]:
    """As it looks inside of longer base64, whatever stands before; the first letter may be a capital."""
    pieces = []
    for spelled in (word, word.capitalize(), word.upper()):
        for pad in range(3):
            encoded = base64.b64encode(b" " * pad + spelled.encode())
            pieces.append(encoded[4 * (pad > 0) : -4])
    return pieces


def files(*folders: Path | None, since: float = 0.0) -> bytes:
    """Names and contents of the files below, on the same file system, that were written since then."""
    contents = []
    for folder in filter(None, folders):
        device = _device(folder)
        if folder.is_file() and folder.lstat().st_mtime >= since:
            contents += [str(folder).encode(), folder.read_bytes()]
        for place, directories, names in os.walk(folder):
            directories[:] = [name for name in directories if _device(Path(place, name)) == device]
            for path in (Path(place, name) for name in names):
                try:
                    found = path.lstat()
                    if stat.S_ISREG(found.st_mode) and found.st_mtime >= since:
                        contents += [str(path).encode(), path.read_bytes()]
                except (FileNotFoundError, PermissionError):
                    continue
    return b"\n".join(contents)


def _device(path: Path) -> int | None:
    try:
        return path.lstat().st_dev
    except FileNotFoundError:
        return None

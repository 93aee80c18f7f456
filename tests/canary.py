"""Looking for words of a document where none may be."""

import base64
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import redis

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


def _plain(word: str) -> list[bytes]:
    return [word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"), word.encode().hex().encode()]


def _in_base64(word: str) -> list[bytes]:
    """As it looks inside of longer base64, whatever stands before; the first letter may be a capital."""
    pieces = []
    for spelled in (word, word.capitalize(), word.upper()):
        for pad in range(3):
            encoded = base64.b64encode(b" " * pad + spelled.encode())
            pieces.append(encoded[4 * (pad > 0) : -4])
    return pieces


def redis_keys(connection: redis.Redis) -> bytes:
    """Every key with its value, as Redis itself writes it."""
    return b"\n".join(key + b" " + (connection.dump(key) or b"") for key in connection.scan_iter())


def tables(connection: Any) -> bytes:
    """All rows of all tables, over a psycopg2 connection."""
    rows = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608  names from the catalogue
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows).encode()


def files(*folders: Path | None, since: float = 0.0) -> bytes:
    """Contents of the files below, on the same file system, that were written since then."""
    contents = []
    for folder in filter(None, folders):
        device = folder.stat().st_dev
        for place, directories, names in os.walk(folder):
            directories[:] = [name for name in directories if _device(Path(place, name)) == device]
            for path in (Path(place, name) for name in names):
                try:
                    found = path.lstat()
                    if stat.S_ISREG(found.st_mode) and found.st_mtime >= since:
                        contents.append(path.read_bytes())
                except (FileNotFoundError, PermissionError):
                    continue
    return b"\n".join(contents)


def _device(path: Path) -> int | None:
    try:
        return path.lstat().st_dev
    except FileNotFoundError:
        return None

"""Documents in sealed anonymous memory: never on a disk, never changed once they are there."""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.formats import HEAD_BYTES, sniff

_SIZE_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
_SEALS = _SIZE_SEALS | fcntl.F_SEAL_WRITE


@dataclass(frozen=True, slots=True, eq=False)
class SealedDocument:
    """Implements `ports.OpenDocument`; `fd` is a sealed memfd, `size` in bytes, `password` what opens it."""

    fd: int
    size: int
    sha256: str
    format: DocumentFormat | None
    password: str | None = field(default=None, repr=False)


@contextmanager
def sealed(chunks: Iterable[bytes], password: str | None = None) -> Iterator[SealedDocument]:
    """Take chunks into memory and seal it; the memory is free again when the context ends."""
    fd = os.memfd_create("document", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        digest = hashlib.sha256()
        head = b""
        size = 0
        with open(fd, "wb", closefd=False) as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
                size += len(chunk)
                if len(head) < HEAD_BYTES:
                    head += chunk[:HEAD_BYTES]
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
        yield SealedDocument(fd, size, digest.hexdigest(), sniff(head), password)
    finally:
        os.close(fd)


@contextmanager
def room_for(most: int) -> Iterator[int]:
    """A memfd that a sandbox may write up to `most` bytes into: its size is sealed, and only what is written is there.

    The memory is free again when the context ends.
    """
    fd = os.memfd_create("output", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(fd, most)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SIZE_SEALS)
        yield fd
    finally:
        os.close(fd)


def written(fd: int, size: int) -> bytes:
    """The first `size` bytes of what was written into a memfd. Nobody else may have it open any more."""
    found = bytearray(size)
    view = memoryview(found)
    at = 0
    while at < size:
        read = os.preadv(fd, [view[at:]], at)
        if not read:
            break
        at += read
    return bytes(found)

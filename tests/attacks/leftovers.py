"""Looking through a sandbox's own memory for what another document left there."""

import ctypes
import os
import re
from pathlib import Path

from tests.attacks.answering import end_politely as end
from tests.attacks.answering import page, say, tell

# The canary is looked for by its ends, which are never beside each other in the searcher's own memory.
_BEGINS, _ENDS = b"CANARY<", b">YRANAC"
_BETWEEN = 12
_CHUNK = 1 << 20
_mappings: list[tuple[int, int]] = []
_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r")


def canary(number: int) -> bytes:
    return _BEGINS + str(number).rjust(_BETWEEN, "0").encode() + _ENDS


def note_mappings() -> None:
    """In the sandbox, before anything is shut: the map of what it inherited from its host."""
    _mappings.clear()
    for line in Path("/proc/self/maps").read_text().splitlines():
        found = _LINE.match(line)
        if found and "[v" not in line:
            _mappings.append((int(found[1], 16), int(found[2], 16)))


def remember() -> None:
    """Take the document in, as decoders do, and answer with how often its canary is found."""
    copies = [os.pread(4, 4096, 0) for _ in range(20)]
    say(page(text=str(_found())))
    end()
    copies.clear()


def search() -> None:
    """How often another document's canary is in all memory that this sandbox can read."""
    tell(_found())


def _found() -> int:
    count = 0
    for start, stop in (*_mappings, _heap()):
        for address in range(start, stop, _CHUNK):
            count += _in(address, min(_CHUNK + 64, stop - address))
    return count


def _heap() -> tuple[int, int]:
    """What the heap has grown by since."""
    ctypes.CDLL(None).sbrk.restype = ctypes.c_void_p
    top = ctypes.CDLL(None).sbrk(0) or 0
    grown = max((stop for start, stop in _mappings if start <= top), default=top)
    return (grown, top) if grown < top else (0, 0)


def _in(address: int, size: int) -> int:
    """Canaries in a piece of memory that is mapped, found without a copy of it."""
    resident = (ctypes.c_ubyte * (size // 4096 + 2))()
    if ctypes.CDLL(None, use_errno=True).mincore(ctypes.c_void_p(address & ~4095), size, resident) != 0:
        return 0
    piece = (ctypes.c_char * size).from_address(address)
    whole = memoryview(piece).cast("B")
    return sum(1 for found in re.finditer(_BEGINS, whole) if _is_whole(whole[found.end() : found.end() + 19]))


def _is_whole(rest: memoryview) -> bool:
    return bytes(rest[:_BETWEEN]).isdigit() and bytes(rest[_BETWEEN:]) == _ENDS

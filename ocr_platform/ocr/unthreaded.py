"""HEVC in the calling thread: libheif starts a thread for each picture and cannot be told not to.

In a sandbox no thread can be started, and libheif does not survive that (libheif 1.23, libde265 1.1: an exception that
nobody catches). So its way to libde265's function that starts them leads here instead: the entry for it in libheif's
table of foreign functions is changed, as a debugger or a preloaded library would. libde265 without threads is a case
that its interface documents. Layout of the tables: System V Application Binary Interface, chapters 4 and 5.
"""

import ctypes
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

_FUNCTION = b"de265_start_worker_threads"
_OK = 0  # DE265_OK, libde265/de265.h
_ELF_64 = b"\x7fELF\x02"
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_DYNAMIC, _RELOCATION, _SYMBOL_BYTES = struct.Struct("<QQ"), struct.Struct("<QQq"), 24
_SEGMENT_DYNAMIC = 2  # PT_DYNAMIC
# DT_STRTAB, DT_SYMTAB; DT_RELA with DT_RELASZ, DT_JMPREL with DT_PLTRELSZ
_STRINGS, _SYMBOLS, _TABLES = 5, 6, ((7, 8), (23, 2))

_start_none = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)(lambda _decoder, _threads: _OK)


def decode_without_threads() -> bool:
    """Have every libheif of this process decode in the calling thread; false when there is no such table."""
    changed = False
    for path, base in _loaded("libheif"):
        for entry in _entries(path.read_bytes(), base):
            _write(entry, ctypes.cast(_start_none, ctypes.c_void_p).value or 0)
            changed = True
    return changed


def _loaded(name: str) -> Iterator[tuple[Path, int]]:
    """Shared libraries of this name, and where each begins."""
    for places, _rights, offset, path in _mappings():
        if offset == 0 and path.name.startswith(name):
            yield path, places.start


def _mappings() -> Iterator[tuple[range, str, int, Path]]:
    """What is mapped from files: where, with what rights, from which place in which file (proc(5), maps)."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        places, rights, offset, _device, _inode, *path = line.split(maxsplit=5)
        start, end = (int(place, 16) for place in places.split("-"))
        if path:
            yield range(start, end), rights, int(offset, 16), Path(path[0])


def _entries(elf: bytes, base: int) -> Iterator[int]:
    """Addresses of a library's entries for the function."""
    if not elf.startswith(_ELF_64):
        return
    tags = dict(_dynamic(elf))
    for start, size in _TABLES:
        if start not in tags:
            continue
        table = ctypes.string_at(base + tags[start], tags[size])
        for offset, info, _addend in _RELOCATION.iter_unpack(table):
            symbol = base + tags[_SYMBOLS] + (info >> 32) * _SYMBOL_BYTES
            name = ctypes.c_uint32.from_address(symbol).value
            if ctypes.string_at(base + tags[_STRINGS] + name) == _FUNCTION:
                yield base + offset


def _dynamic(elf: bytes) -> Iterator[tuple[int, int]]:
    """The tags that tell the dynamic linker where things are, from the file: in memory it changes them."""
    (headers,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for number in range(count):
        kind, _flags, offset, *_places, length, _memory, _align = _PROGRAM_HEADER.unpack_from(
            elf, headers + number * size
        )
        if kind == _SEGMENT_DYNAMIC:
            yield from _DYNAMIC.iter_unpack(elf[offset : offset + length])


def _write(entry: int, address: int) -> None:
    """Change an entry, also of a table that may not be written to any more. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    shut = any(entry in places and "w" not in rights for places, rights, _offset, _path in _mappings())
    page = ctypes.c_void_p(entry & ~(mmap.PAGESIZE - 1))

    def protect(rights: int) -> None:
        if shut and libc.mprotect(page, ctypes.c_size_t(mmap.PAGESIZE), rights) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")

    protect(mmap.PROT_READ | mmap.PROT_WRITE)
    ctypes.c_uint64.from_address(entry).value = address
    protect(mmap.PROT_READ)

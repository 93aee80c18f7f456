"""Landlock: no file but those that are named, no TCP port, no foreign process. Linux 5.13 and later."""

import ctypes
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

# Numbers of calls are the same on every architecture (asm-generic/unistd.h); rights and scopes: linux/landlock.h.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_DIR = 1 << 3
REMOVE_DIR = 1 << 4
REMOVE_FILE = 1 << 5
MAKE_DIR = 1 << 7
MAKE_REG = 1 << 8
_TRUNCATE = 1 << 14
READ = READ_FILE | READ_DIR
# What a directory of one's own needs; TRUNCATE is left out where the kernel does not know it.
OWN = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | _TRUNCATE

# The highest right of a file that each version of the interface knows.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE
_NET_ABI = 4
SCOPE_ABI = 6  # from here on, signals reach no foreign process


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def version() -> int:
    """The version of the interface that the kernel offers; 0 when it has none or keeps it switched off."""
    found: int = _libc().syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    return max(found, 0)


def restrict(allowed: Mapping[Path, int]) -> None:
    """Refuse this thread and what it starts every file but those in and below `allowed`, each with its rights.

    Needs `no_new_privs`. Raises OSError.
    """
    abi = version()
    if not abi:
        raise OSError("the kernel offers no Landlock")
    handled = (1 << _FILE_RIGHTS[min(abi, max(_FILE_RIGHTS))]) - 1
    attributes = _Ruleset(handled, 0b11 if abi >= _NET_ABI else 0, 0b11 if abi >= SCOPE_ABI else 0)
    size = 8 if abi < _NET_ABI else 16 if abi < SCOPE_ABI else 24
    ruleset = _checked(_libc().syscall(_CREATE_RULESET, ctypes.byref(attributes), size, 0), "landlock_create_ruleset")
    try:
        for path, rights in allowed.items():
            _allow(ruleset, path, rights & handled)
        _checked(_libc().syscall(_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def readable(paths: Iterable[Path]) -> dict[Path, int]:
    """Rules that let these be read."""
    return dict.fromkeys(paths, READ)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not path.is_dir():
            rights &= _OF_A_FILE
        rule = _PathBeneath(rights, descriptor)
        result = _libc().syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        _checked(result, "landlock_add_rule")
    finally:
        os.close(descriptor)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), call)
    return result

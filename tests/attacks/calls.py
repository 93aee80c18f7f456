"""Raw system calls by number, so that no wrapper is in the way of a try, and what came of a try in a word or two."""

import ctypes
import errno
import os
import platform
from collections.abc import Callable
from typing import Any

# arch/x86/entry/syscalls/syscall_64.tbl: the suite runs on this architecture alone
SUPPORTED = platform.machine() == "x86_64"
NUMBERS = {
    "read": 0, "open": 2, "stat": 4, "mmap": 9, "mprotect": 10, "pipe": 22, "shmget": 29, "dup": 32,
    "socket": 41, "socketpair": 53, "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "kill": 62,
    "fcntl": 72, "ftruncate": 77, "rename": 82, "mkdir": 83, "creat": 85, "link": 86, "unlink": 87, "symlink": 88,
    "chmod": 90, "ptrace": 101, "setuid": 105, "setpgid": 109, "setsid": 112, "mknod": 133, "personality": 135,
    "prctl": 157, "chroot": 161, "mount": 165, "tkill": 200, "mq_open": 240, "waitid": 247, "add_key": 248,
    "keyctl": 250, "inotify_init1": 294, "openat": 257, "unshare": 272, "timerfd_create": 283,
    "perf_event_open": 298, "fanotify_init": 300, "prlimit64": 302, "open_by_handle_at": 304, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "seccomp": 317, "memfd_create": 319,
    "bpf": 321, "execveat": 322, "userfaultfd": 323, "statx": 332, "io_uring_setup": 425, "open_tree": 428,
    "fsopen": 430, "pidfd_open": 434, "clone3": 435, "openat2": 437, "pidfd_getfd": 438, "memfd_secret": 447,
}  # fmt: skip
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long
GOT = "GOT"


def raw(name: str, *arguments: Any) -> int:
    """The kernel's answer. Raises OSError."""
    converted = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
    found: int = _LIBC.syscall(ctypes.c_long(NUMBERS[name]), *converted)
    if found < 0:
        raise OSError(ctypes.get_errno(), name)
    return found


def got(what: object = "") -> str:
    """A try that reached what it was after."""
    return f"{GOT} {what}".strip()[:100]


def outcome(attempt: Callable[[], str]) -> str:
    """What a try got, or the name of the error."""
    try:
        return attempt()
    except OSError as exc:
        return errno.errorcode.get(exc.errno or 0, type(exc).__name__)
    except Exception as exc:  # noqa: BLE001  whatever it is, it is not what the try was after
        return type(exc).__name__


def opens(path: str | bytes, length: int = 16) -> str:
    """Open a file by the raw call and read from it."""
    name = path.encode() if isinstance(path, str) else path
    descriptor = raw("open", name, os.O_RDONLY)
    try:
        found = os.read(descriptor, length)
    finally:
        os.close(descriptor)
    return got(found) if found else "nothing in it"

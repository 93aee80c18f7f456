"""Tries at files, the environment and the memory of others."""

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.attacks.calls import got, opens, raw
from tests.attacks.target import VARIABLE, Target

Tries = dict[str, Callable[[], str]]
_AT_FDCWD = -100
_PTRACE_SEIZE = 0x4206  # linux/ptrace.h


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def tries(target: Target) -> Tries:
    return {**_reading(target), **_naming(target), **_writing(target), **_memory(target)}


def _reading(target: Target) -> Tries:
    found: Tries = {
        "open /etc/passwd (Python)": lambda: got(Path("/etc/passwd").read_bytes()[:4]),
        "open /etc/passwd": lambda: opens("/etc/passwd"),
        "open a secret file": lambda: opens(target.file),
        "openat ../ from cwd": lambda: opens("../" * 12 + "etc/passwd"),
        "open the models": lambda: opens(f"{target.tessdata}/eng.traineddata"),
        "open Python's library": lambda: opens(os.__file__),
        "open /proc/self/maps": lambda: opens("/proc/self/maps"),
        "open /proc/self/fd/3": lambda: opens("/proc/self/fd/3"),
        "open /proc/net/tcp": lambda: opens("/proc/net/tcp"),
        "open /dev/mem": lambda: opens("/dev/mem"),
        "openat2": lambda: got(raw("openat2", _AT_FDCWD, b"/etc/passwd", (ctypes.c_uint64 * 3)(), 24)),
        "open_by_handle_at": lambda: got(raw("open_by_handle_at", _AT_FDCWD, _handle(), os.O_RDONLY)),
        "list /": _listed,
    }
    for name, pid in (("worker", target.worker), ("host", target.host), ("sibling", target.sibling)):
        for file in ("environ", "cmdline", "maps", "mem"):
            found[f"open {file} of {name}"] = _opening(f"/proc/{pid}/{file}", target, file)
    return found


def _listed() -> str:
    found = [path.name for path in Path("/").iterdir()]
    return got(found) if found else "nothing in it"


def _opening(path: str, target: Target, file: str) -> Callable[[], str]:
    if file != "mem":
        return lambda: opens(path)

    def read_memory() -> str:
        descriptor = raw("open", path.encode(), os.O_RDONLY)
        return got(os.pread(descriptor, target.size, target.address))

    return read_memory


def _naming(target: Target) -> Tries:
    """A name alone tells whether something is there."""
    buffer = ctypes.create_string_buffer(512)
    return {
        "stat /etc/passwd": lambda: got(raw("stat", b"/etc/passwd", buffer)),
        "statx a secret file": lambda: got(raw("statx", _AT_FDCWD, target.file.encode(), 0, 0xFFF, buffer)),
        "readlink /proc/self/exe": lambda: got(Path("/proc/self/exe").readlink()),
        "access /root": lambda: got() if os.access("/root", os.F_OK) else "EPERM or not there",
        "inotify_init1": lambda: got(raw("inotify_init1", 0)),
        "fanotify_init": lambda: got(raw("fanotify_init", 0, 0)),
    }


def _writing(target: Target) -> Tries:
    beside = f"{target.folder}/planted".encode()
    return {
        "write a file in /tmp (Python)": lambda: got(Path(f"{target.folder}/planted").write_text("x")),
        "creat in a world-writable folder": lambda: got(raw("creat", beside, 0o600)),
        "make a file where it stands": lambda: got(raw("open", b"planted", os.O_CREAT | os.O_WRONLY, 0o600)),
        "open a secret file to write": lambda: got(raw("open", target.file.encode(), os.O_WRONLY)),
        "mkdir": lambda: got(raw("mkdir", beside + b"-folder", 0o700)),
        "unlink a file": lambda: got(raw("unlink", target.file.encode() + b"-1")),
        "rename a file": lambda: got(raw("rename", target.file.encode() + b"-2", beside)),
        "symlink": lambda: got(raw("symlink", b"/etc/passwd", beside + b"-symbol")),
        "link": lambda: got(raw("link", target.file.encode() + b"-3", beside + b"-link")),
        "mknod": lambda: got(raw("mknod", beside + b"-node", 0o020666, 0x103)),
        "chmod": lambda: got(raw("chmod", target.file.encode() + b"-3", 0o777)),
        "write to the document": lambda: got(os.pwrite(4, b"x", 0)),
        "grow the document": _call("ftruncate", 4, 10_000_000),
        "memfd_create": lambda: got(raw("memfd_create", b"x", 0)),
        "memfd_secret": lambda: got(raw("memfd_secret", 0)),
    }


def _memory(target: Target) -> Tries:
    found: Tries = {
        "environment of its own": _own_environment,
        "open /proc/self/mem": lambda: got(raw("open", b"/proc/self/mem", os.O_RDWR)),
        "descriptors": _descriptors,
    }
    for name, pid in (("worker", target.worker), ("host", target.host), ("sibling", target.sibling)):
        # Of a host and of a sibling, which are forks of the same program, it knows where the interpreter has itself.
        address = target.address if pid == target.worker else id(sys)
        found[f"process_vm_readv {name}"] = _vm("process_vm_readv", pid, address, target.size)
        found[f"ptrace attach {name}"] = _call("ptrace", _PTRACE_SEIZE, pid, 0, 0)
        found[f"pidfd_open {name}"] = _call("pidfd_open", pid, 0)
        found[f"kcmp {name}"] = _call("kcmp", os.getpid(), pid, 0, 3, 3)
    # The byte behind the secret, which is a NUL anyway.
    found["process_vm_writev worker"] = _vm("process_vm_writev", target.worker, target.address + target.size, 1)
    return found


def _call(name: str, *arguments: int) -> Callable[[], str]:
    return lambda: got(raw(name, *arguments))


def _vm(call: str, pid: int, address: int, size: int) -> Callable[[], str]:
    def attempt() -> str:
        buffer = ctypes.create_string_buffer(size)
        here, there = _Vector(ctypes.addressof(buffer), size), _Vector(address, size)
        return got(raw(call, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))

    return attempt


def _own_environment() -> str:
    given = {"PATH", "TMPDIR", "LC_ALL", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY", "TZ"}
    told = set(os.environ) - given - {VARIABLE, "ATTACK_ENGINE"}
    return got(sorted(told)) if told else "only what it was given"


def _descriptors() -> str:
    """All that are open, and whether the low ones lead where they should."""
    found = []
    for number in range(1024):
        try:
            raw("fcntl", number, 1, 0)  # F_GETFD
        except OSError:
            continue
        found.append(number)
    if not set(found) <= {0, 1, 2, 3, 4}:
        return got(found)
    empty = os.read(0, 1) == b"" and os.write(1, b"x") == 1
    return f"{found}" if empty else got("0 and 1 lead somewhere")


def _handle() -> ctypes.Array[ctypes.c_char]:
    """A file handle of the root directory, as ext4 makes them (struct file_handle, open_by_handle_at(2))."""
    size, kind, inode = (number.to_bytes(4, "little") for number in (8, 1, 2))
    return ctypes.create_string_buffer(size + kind + inode + bytes(4))

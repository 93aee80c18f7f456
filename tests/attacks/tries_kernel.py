"""Tries at the network, at other processes, at programs, and at the doors themselves."""

import ctypes
import errno
import fcntl
import mmap
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from tests.attacks.calls import got, opens, raw
from tests.attacks.target import Target

Tries = dict[str, Callable[[], str]]
_RAN = 77
_SHELLS_OWN = 126  # what programs end with that could not start another
_CLONE_NEWUSER = 0x10000000  # linux/sched.h
_NAMESPACES = {
    "user": _CLONE_NEWUSER,
    "mount": 0x20000,
    "network": 0x40000000,
    "pid": 0x20000000,
}
_F_SETSIG = 10  # asm-generic/fcntl.h
_FIOASYNC, _FIOSETOWN = 0x5452, 0x8901


def tries(target: Target, *, command: bool) -> Tries:
    return {**_sockets(target), **_processes(target), **_programs(command=command), **_doors(target), **_kernel()}


def _sockets(target: Target) -> Tries:
    found: Tries = {
        "socket AF_INET (Python)": lambda: got(socket.socket().fileno()),
        "connect 127.0.0.1": lambda: _connect(socket.AF_INET, _inet(target.port)),
        "connect ::1": lambda: _connect(socket.AF_INET6, struct.pack("=HHI16sI", 10, 0, 0, b"\0" * 15 + b"\1", 0)),
        "connect abstract": lambda: _connect(socket.AF_UNIX, struct.pack("=H", 1) + b"\0" + target.name.encode()),
        "connect 192.0.2.1": lambda: _connect(socket.AF_INET, struct.pack("=H2s4s8x", 2, b"\0\x50", b"\xc0\0\2\1")),
        "send beside the channel": lambda: got(_sent_elsewhere(target)),
        "socketpair": lambda: got(raw("socketpair", socket.AF_UNIX, socket.SOCK_STREAM, 0, (ctypes.c_int * 2)())),
    }
    for name in ("AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"):
        found[f"socket {name}"] = _socket(getattr(socket, name))
    return found


def _socket(family: int) -> Callable[[], str]:
    return lambda: got(raw("socket", family, socket.SOCK_RAW if family != socket.AF_ALG else socket.SOCK_SEQPACKET, 0))


def _connect(family: int, address: bytes) -> str:
    descriptor = raw("socket", family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 0)
    with socket.socket(fileno=descriptor) as opened:
        result = ctypes.CDLL(None, use_errno=True).connect(opened.fileno(), address, len(address))
        if result < 0:
            raise OSError(ctypes.get_errno(), "connect")
    return got("connected")


def _inet(port: int) -> bytes:
    return struct.pack("=H2s4s8x", socket.AF_INET, port.to_bytes(2, "big"), bytes([127, 0, 0, 1]))


def _sent_elsewhere(target: Target) -> int:
    """The one socket that it has must not be good for another address."""
    with socket.socket(fileno=os.dup(3)) as channel:
        return channel.sendto(b"", 0, "\0" + target.name)


def _processes(target: Target) -> Tries:
    found: Tries = {
        "fork": lambda: _forked(os.fork),
        "clone": lambda: _forked(lambda: raw("clone", signal.SIGCHLD, 0, 0, 0, 0)),
        "clone3": lambda: _forked(lambda: raw("clone3", (ctypes.c_uint64 * 8)(0, 0, 0, 0, signal.SIGCHLD), 64)),
        "clone in a user namespace": lambda: _forked(
            lambda: raw("clone", _CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0),
        ),
        "setsid": lambda: got(raw("setsid")),
        "leave the group": lambda: got(raw("setpgid", 0, os.getpgid(os.getppid()))),
    }
    for name, pid in (("worker", target.worker), ("host", target.host), ("sibling", target.sibling)):
        found[f"kill {name}"] = _call("kill", pid, 0)
        found[f"tkill {name}"] = _call("tkill", pid, 0)
        found[f"SIGIO to {name}"] = _owned(pid)
        found[f"ioctl FIOSETOWN {name}"] = _ioctl_owned(pid)
        found[f"prlimit {name}"] = _call("prlimit64", pid, resource.RLIMIT_CORE, 0, 0)
    return found


def _call(name: str, *arguments: int) -> Callable[[], str]:
    return lambda: got(raw(name, *arguments))


def _owned(pid: int) -> Callable[[], str]:
    """The owner of a descriptor is sent a signal of one's choice when something happens there (fcntl(2), F_SETSIG)."""

    def attempt() -> str:
        raw("fcntl", 3, fcntl.F_SETOWN, pid)
        raw("fcntl", 3, _F_SETSIG, signal.SIGURG)  # ignored by default: the others live on when it gets there
        raw("fcntl", 3, fcntl.F_SETOWN, 0)
        return got("may name any signal and any process")

    return attempt


def _ioctl_owned(pid: int) -> Callable[[], str]:
    def attempt() -> str:
        libc = ctypes.CDLL(None, use_errno=True)
        for number in (pid, 0):
            if libc.ioctl(3, _FIOSETOWN, ctypes.byref(ctypes.c_int(number))) < 0:
                raise OSError(ctypes.get_errno(), "ioctl")
        return got("may have SIGIO sent to any process")

    return attempt


def _forked(fork: Callable[[], int]) -> str:
    pid = fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return got("a process")


def _programs(*, command: bool) -> Tries:
    loader = "/lib64/ld-linux-x86-64.so.2"
    programs = {
        "sh": ["/bin/sh", "-c", f"exit {_RAN}"],
        "python": [str(Path(sys.executable).resolve()), "-c", f"import sys; sys.exit({_RAN})"],
        "loader with sh": [loader, "/bin/sh", "-c", f"exit {_RAN}"],
        "env": ["/usr/bin/env", "sh", "-c", f"exit {_RAN}"],
    }
    found: Tries = {f"execve {name}": _program(argv) for name, argv in programs.items()}
    found["execveat sh"] = lambda: got(raw("execveat", -100, b"/bin/sh", 0, 0, 0))
    if command:
        found["execve tesseract"] = _program(["/usr/bin/tesseract", "--version"], ran=0)
    return found


def _program(argv: list[str], ran: int = _RAN) -> Callable[[], str]:
    """In a process of its own where there can be one; else in place: then no answer comes, which shows too."""

    def attempt() -> str:
        try:
            pid = os.fork()
        except OSError:
            os.execv(argv[0], argv)  # noqa: S606  it raises
        if pid == 0:
            try:
                os.execv(argv[0], argv)  # noqa: S606  no shell is the point
            except OSError as exc:
                os._exit(exc.errno or 1)
        _pid, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        return (
            got("ran")
            if code == ran
            else errno.errorcode.get(code, f"exit {code}")
            if code < _SHELLS_OWN
            else f"exit {code}"
        )

    return attempt


def _doors(target: Target) -> Tries:
    found: Tries = {
        "prctl dumpable": _call("prctl", 4, 1, 0, 0, 0),
        "prctl undo no_new_privs": _call("prctl", 38, 0, 0, 0, 0),
        "prctl parent-death signal off": _call("prctl", 1, 0, 0, 0, 0),
        "raise RLIMIT_AS": lambda: _raised(resource.RLIMIT_AS),
        "raise RLIMIT_NOFILE": lambda: _raised(resource.RLIMIT_NOFILE),
        "raise RLIMIT_CPU": lambda: _raised(resource.RLIMIT_CPU),
        "setuid 0": lambda: got(raw("setuid", 0)) if os.getuid() else _call("setuid", 65534)(),
        "chroot": lambda: got(raw("chroot", b".")),
        "setns of the worker": lambda: _entered(target),
        "seccomp listener": _call("seccomp", 1, 8, 0),
        "personality": _call("personality", 0x0400000),  # READ_IMPLIES_EXEC
    }
    for name, flag in _NAMESPACES.items():
        found[f"unshare {name}"] = _call("unshare", flag)
    return found


def _raised(kind: int) -> str:
    _soft, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY:
        return got("there is no limit")
    resource.setrlimit(kind, (hard * 2, hard * 2))
    return got("raised")


def _entered(target: Target) -> str:
    descriptor = raw("open", f"/proc/{target.worker}/ns/net".encode(), os.O_RDONLY)
    return got(raw("setns", descriptor, 0))


def _kernel() -> Tries:
    buffer = (ctypes.c_uint64 * 32)()
    return {
        "io_uring_setup": lambda: got(raw("io_uring_setup", 4, buffer)),
        "bpf": lambda: got(raw("bpf", 0, buffer, 72)),
        "userfaultfd": lambda: got(raw("userfaultfd", 1)),  # UFFD_USER_MODE_ONLY
        "perf_event_open": lambda: got(raw("perf_event_open", buffer, 0, -1, -1, 0)),
        "mount": lambda: got(raw("mount", b"none", b"/", b"tmpfs", 0, 0)),
        "open_tree": lambda: got(raw("open_tree", -100, b"/", 1)),
        "fsopen": lambda: got(raw("fsopen", b"proc", 0)),
        "add_key": lambda: got(raw("add_key", b"user", b"x", b"y", 1, -3)),
        "keyctl": lambda: got(raw("keyctl", 0, -3, 0)),
        "shmget": lambda: got(raw("shmget", 0x0C0DE, 4096, 0o1600)),
        "mq_open": lambda: got(raw("mq_open", b"attack", os.O_CREAT | os.O_RDWR, 0o600, 0)),
        "mmap executable": lambda: got(mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)),
        "mprotect executable": lambda: got(_mprotected()),
        "timerfd_create": lambda: got(raw("timerfd_create", 0, 0)),
        "open /dev/kvm": lambda: opens("/dev/kvm"),
    }


def _mprotected() -> int:
    own = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(own))
    return raw("mprotect", address, 4096, mmap.PROT_READ | mmap.PROT_EXEC)

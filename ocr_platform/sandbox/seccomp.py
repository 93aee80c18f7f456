"""The list of system calls that a sandbox may make, compiled by libseccomp and installed without it.

An allow-list: what is not on it fails with EPERM, so that a library which tries something new goes on as if the
administrator had forbidden it. Calls of a foreign architecture (also x32) kill the process: libseccomp's default.
"""

import ctypes
import errno
import os
from collections.abc import Iterable
from typing import NamedTuple

# seccomp.h of libseccomp 2.5, linux/seccomp.h, linux/prctl.h
_ERRNO = 0x00050000
_ALLOW = 0x7FFF0000
_MASKED_EQUAL = 7
_NO_SUCH_CALL = -1
_PR_SET_SECCOMP = 22
_MODE_FILTER = 2

# What decoding and recognising in one process needs: memory, time, the channel, the sealed document and its own end.
# Nothing here takes a path, makes a descriptor, another process or a socket, or reaches another process.
_COMPUTE = """
    read readv pread64 preadv write writev recvfrom sendto lseek fstat close ftruncate poll ppoll select
    pselect6 brk mmap munmap mremap madvise mincore futex set_robust_list rseq membarrier sched_yield
    sched_getaffinity getcpu rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending sigaltstack restart_syscall
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage sysinfo uname
    getrandom getpid gettid getppid getuid geteuid getgid getegid getpgrp getsid setitimer getitimer alarm exit
    exit_group
""".split()  # noqa: SIM905  a list of words is easier to read and to check
# What starting the recogniser's command needs beside that. Landlock decides which file may be started or opened.
_COMMAND = """
    execve fork vfork wait4 waitid pipe pipe2 dup dup2 dup3 kill tgkill arch_prctl set_tid_address
    open openat stat lstat fstat newfstatat statx fstatfs statfs access faccessat faccessat2 readlink
    readlinkat getcwd getdents64 mkdir mkdirat unlink unlinkat rmdir close_range umask chdir fadvise64
    rename renameat getpriority
""".split()  # noqa: SIM905  a list of words is easier to read and to check

_AT_EMPTY_PATH = 0x1000  # linux/fcntl.h
_MAP_EXECUTABLE = 4  # PROT_EXEC, asm-generic/mman-common.h
_CLONE_NEW = 0x7E020080  # every CLONE_NEW… of linux/sched.h
_ALL_BITS = 0xFFFFFFFF  # of an int or an unsigned int: the kernel does not look at the others
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_GET_SEALS (linux/fcntl.h). F_SETOWN and F_SETSIG would
# have the kernel send any signal to any process of the same user, and locks are seen by others.
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 1030, 1034)
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX (asm-generic/ioctls.h): what programs ask of their streams.
_IOCTL_COMMANDS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5451)


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


class Rule(NamedTuple):
    """A call that is allowed when `argument & mask == value`; `argument` counts from 0."""

    call: str
    argument: int
    mask: int
    value: int


def compiled(*, may_start_command: bool) -> bytes | None:
    """The filter as BPF for this machine; None when libseccomp is not installed."""
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError:
        return None
    calls = [*_COMPUTE, *(_COMMAND if may_start_command else ())]
    rules = [Rule("fcntl", 1, _ALL_BITS, command) for command in _FCNTL_COMMANDS]
    if may_start_command:
        # Programs map their own libraries. No new namespaces; clone3 hides its flags, so it is "not implemented".
        calls += ["mprotect"]
        rules.append(Rule("clone", 0, _CLONE_NEW, 0))
        rules.append(Rule("prlimit64", 0, _ALL_BITS, 0))  # its own limits, not those of another process
        rules += [Rule("ioctl", 1, _ALL_BITS, command) for command in _IOCTL_COMMANDS]
    else:
        calls.remove("mmap")
        rules += [Rule(name, 2, _MAP_EXECUTABLE, 0) for name in ("mmap", "mprotect")]
        # What the C library makes of fstat().
        rules.append(Rule("newfstatat", 3, _AT_EMPTY_PATH, _AT_EMPTY_PATH))
    return _compile(library, calls, rules)


def install(program: bytes) -> None:
    """Put the filter on this thread, for ever. Needs `no_new_privs`. Raises OSError where the kernel has none."""
    buffer = ctypes.create_string_buffer(program, len(program))
    filter_ = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filter_), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECCOMP)")


def _compile(library: ctypes.CDLL, calls: Iterable[str], rules: Iterable[Rule]) -> bytes:
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Comparison),
    )
    library.seccomp_export_bpf.argtypes = (ctypes.c_void_p, ctypes.c_int)
    library.seccomp_release.argtypes = (ctypes.c_void_p,)
    context = library.seccomp_init(_ERRNO | errno.EPERM)
    if not context:
        raise OSError("seccomp_init")
    try:
        # The C library and Python fall back to older calls when these are missing, and only then.
        for name in ("clone3", "openat2", "execveat"):
            _add(library, context, _ERRNO | errno.ENOSYS, name)
        for name in calls:
            _add(library, context, _ALLOW, name)
        for rule in rules:
            _add(library, context, _ALLOW, rule.call, _Comparison(rule.argument, _MASKED_EQUAL, rule.mask, rule.value))
        return _exported(library, context)
    finally:
        library.seccomp_release(context)


def _add(library: ctypes.CDLL, context: int, action: int, name: str, *comparisons: _Comparison) -> None:
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number == _NO_SUCH_CALL:
        return  # a name that this libseccomp does not know; it stays refused
    array = (_Comparison * max(1, len(comparisons)))(*comparisons)
    result = library.seccomp_rule_add_array(context, action, number, len(comparisons), array)
    # Calls that this architecture does not have need no rule.
    if result not in (0, -errno.EDOM, -errno.EINVAL, -errno.EFAULT, -errno.EACCES):
        raise OSError(-result, f"seccomp rule for {name}")


def _exported(library: ctypes.CDLL, context: int) -> bytes:
    descriptor = os.memfd_create("filter", os.MFD_CLOEXEC)
    try:
        result = library.seccomp_export_bpf(context, descriptor)
        if result != 0:
            raise OSError(-result, "seccomp_export_bpf")
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    finally:
        os.close(descriptor)

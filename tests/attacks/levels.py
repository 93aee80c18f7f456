"""Kernels that offer less: what is missing fails as it does where it was never built in.

Each is a filter on this process and all that it starts, made by libseccomp: the calls answer as such a kernel would.
"""

import ctypes
import errno
from dataclasses import dataclass

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_EQUAL = 4
_PR_SET_SECCOMP = 22


@dataclass(frozen=True)
class Level:
    """What a kernel lacks; the names are those of `Confinement.missing`."""

    name: str
    missing: tuple[str, ...]

    @property
    def landlock(self) -> bool:
        return "landlock" not in self.missing

    @property
    def namespaces(self) -> bool:
        return "network_namespace" not in self.missing

    @property
    def seccomp(self) -> bool:
        return "seccomp" not in self.missing


LEVELS = {
    level.name: level
    for level in (
        Level("a: all", ()),
        Level("b: no landlock", ("landlock",)),
        Level("c: no namespaces", ("network_namespace",)),
        Level("d: seccomp alone", ("landlock", "network_namespace")),
        Level("e: no seccomp", ("seccomp",)),
    )
}


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def become(level: Level) -> None:
    """Let this process, and all that it starts, live on such a kernel."""
    refused: list[tuple[bytes, int, _Comparison | None]] = []
    if not level.landlock:
        refused.append((b"landlock_create_ruleset", errno.ENOSYS, None))
    if not level.namespaces:
        refused.append((b"unshare", errno.EPERM, None))
    if not level.seccomp:
        refused.append((b"prctl", errno.EINVAL, _Comparison(0, _EQUAL, _PR_SET_SECCOMP, 0)))
        refused.append((b"seccomp", errno.ENOSYS, None))
    if refused:
        _install(refused)


def _install(refused: list[tuple[bytes, int, _Comparison | None]]) -> None:
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_load.argtypes = (ctypes.c_void_p,)
    rule = library.seccomp_rule_add_array
    rule.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Comparison))
    context = library.seccomp_init(_ALLOW)
    # SCMP_FLTATR_CTL_NNP (3): root need not give up rights for good, and the worker of a real such kernel has not.
    library.seccomp_attr_set.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32)
    if ctypes.CDLL(None).geteuid() == 0:
        library.seccomp_attr_set(context, 3, 0)
    for name, number, comparison in refused:
        call = library.seccomp_syscall_resolve_name(name)
        compared = () if comparison is None else (comparison,)
        array = (_Comparison * max(1, len(compared)))(*compared)
        assert rule(context, _ERRNO | number, call, len(compared), array) == 0, name
    assert library.seccomp_load(context) == 0

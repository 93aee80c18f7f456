"""What holds a sandbox besides its limits: prepared in its host, applied by the sandbox itself, reported as it is."""

import ctypes
import os
import resource
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ocr_platform.sandbox import landlock, seccomp

_PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h
_PROCESSES = 32  # the host, the sandbox, and the command with its threads
_OWN_ACCOUNTS_ABI = 2  # Linux 5.19
_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h


@dataclass(frozen=True, slots=True)
class Confinement:
    """Which of the kernel's doors are shut around a sandbox.

    `landlock` is the version of its interface, 0 when there is none. `programs` says whether some program can still
    be started, as the recogniser's command must be.
    """

    no_new_privs: bool
    seccomp: bool
    landlock: int
    network_namespace: bool
    programs: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of what this kernel, or the container around it, does not offer."""
        return tuple(
            name for name in ("no_new_privs", "seccomp", "landlock", "network_namespace") if not getattr(self, name)
        )

    @property
    def open_doors(self) -> tuple[str, ...]:
        """What foreign code could still reach: each is shut by any one of several of the above."""
        doors = {
            "files": bool(self.landlock) or (self.seccomp and not self.programs),
            "network": self.seccomp or self.network_namespace,
            "programs": bool(self.landlock) or (self.seccomp and not self.programs),
            # Whoever starts a command must be able to end it, and seccomp cannot tell one process from another.
            "processes": self.seccomp and (not self.programs or self.landlock >= landlock.SCOPE_ABI),
        }
        return tuple(name for name, shut in doors.items() if not shut)


@dataclass(frozen=True, slots=True)
class Doors:
    """What a sandbox shuts behind itself.

    `network_left`: its host has no network any more. `root` is an empty directory, where no file needs to be named.
    """

    filter: bytes | None
    network_left: bool
    root: Path | None = None
    may_start_command: bool = False
    allowed: Mapping[Path, int] = field(default_factory=dict)

    def shut(self) -> Confinement:
        """Shut everything that can be shut, for ever; tell what was. To be called by a process of one thread."""
        if self.root is not None:
            with suppress(OSError):  # for whoever has the right to: names of files then lead nowhere
                os.chroot(self.root)
                os.chdir("/")
        if self.may_start_command and self.network_left:
            _limit_processes()
        _drop_capabilities()
        no_new_privs = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        abi = 0
        if no_new_privs:
            with suppress(OSError):
                landlock.restrict(self.allowed)
                abi = landlock.version()
        return Confinement(
            no_new_privs=no_new_privs,
            landlock=abi,
            network_namespace=self.network_left,
            programs=self.may_start_command,
            seccomp=self._filtered() if no_new_privs else False,
        )

    def _filtered(self) -> bool:
        if self.filter is None:
            return False
        try:
            seccomp.install(self.filter)
        except OSError:
            return False
        return True


def _limit_processes() -> None:
    """Bound what a command may start, where nobody else is counted: an ordinary user's own namespace has accounts of
    its own since Linux 5.14, which is before this version of Landlock. The kernel never counts root's processes.
    """
    if os.geteuid() != 0 and landlock.version() >= _OWN_ACCOUNTS_ABI:
        resource.setrlimit(resource.RLIMIT_NPROC, (_PROCESSES, _PROCESSES))


def first_to_be_killed() -> None:
    """When memory runs out, the kernel is to end this process and not a worker."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _drop_capabilities() -> None:
    """Root among its own has rights that no limit and no filter takes away."""

    class Header(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))

    nothing = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(ctypes.byref(Header(_CAPABILITY_VERSION_3, 0)), nothing) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

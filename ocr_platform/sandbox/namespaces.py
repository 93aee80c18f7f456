"""Namespaces of one's own: no network but an empty one, no System V memory of others."""

import ctypes
import errno
import os
from contextlib import suppress
from pathlib import Path

# linux/sched.h
_NEW_USER, _NEW_IPC, _NEW_NET = 0x10000000, 0x08000000, 0x40000000


def leave_network() -> bool:
    """Move this process, which must have one thread, into an empty network; False where the kernel refuses.

    Root does it directly; an ordinary user through a user namespace, in which it keeps its own ids. That namespace also
    keeps it from processes of the same user outside, whatever they may be.
    """
    user, group = os.geteuid(), os.getegid()
    if _unshare(_NEW_USER | _NEW_IPC | _NEW_NET):
        with suppress(OSError):  # without a map of ids all is as wanted, but for names
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        return True
    return _unshare(_NEW_IPC | _NEW_NET)


def _unshare(flags: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) == 0:
        return True
    if ctypes.get_errno() in (errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENOSPC, errno.EUSERS):
        return False
    raise OSError(ctypes.get_errno(), "unshare")

"""What an attacker gets, and nothing beyond: by engine, and by what the kernel offers.

tesserocr with seccomp gets nothing at all, whatever else there is. The other sets are what is left open; each is a
door that `Confinement.open_doors` names, or reaches nothing but the sandbox itself.
"""

from ocr_platform.models import EngineName
from tests.attacks.levels import Level

_OTHERS = ("worker", "host", "sibling")

# Starting the command takes processes and executable memory; it reads its models and writes where it stands. Landlock
# does not shut the names and sizes of files: that something is there can be seen, not what is in it.
_COMMAND = {
    "access /root",
    "clone",
    "execve tesseract",
    "fork",
    "make a file where it stands",
    "mmap executable",
    "mprotect executable",
    "open the models",
    "readlink /proc/self/exe",
    "stat /etc/passwd",
    "statx a secret file",
}
# The doors "files", "programs" and "processes", which the command needs ajar and Landlock alone can narrow.
_WITHOUT_LANDLOCK = {
    "open /etc/passwd (Python)",
    "open /etc/passwd",
    "open a secret file",
    "openat ../ from cwd",
    "open Python's library",
    "open /proc/self/maps",
    "open /proc/self/mem",
    "open /proc/net/tcp",
    "list /",
    "write a file in /tmp (Python)",
    "open a secret file to write",
    "mkdir",
    "unlink a file",
    "rename a file",
    *(f"open cmdline of {each}" for each in _OTHERS),
    *(f"kill {each}" for each in _OTHERS),
    *(f"execve {each}" for each in ("sh", "python", "loader with sh", "env")),
}
# /proc is a file system: what an ordinary user's processes may know of each other, when no user namespace parts them.
_NOT_PARTED = {f"open {file} of {each}" for file in ("environ", "maps", "mem") for each in _OTHERS}
# The door "processes": what only seccomp shuts. No file, no memory of others, no program and no network is among it:
# sockets are in an empty network, signals of Landlock's scope; the limits of others can be changed.
_WITHOUT_SECCOMP = {
    "fork",
    "clone",
    "clone3",
    "leave the group",
    "prctl dumpable",
    "prctl parent-death signal off",
    "personality",
    "mmap executable",
    "mprotect executable",
    "socket AF_INET (Python)",
    "socket AF_NETLINK",
    "socketpair",
    "inotify_init1",
    "memfd_create",
    "memfd_secret",
    "timerfd_create",
    "io_uring_setup",
    "userfaultfd",
    "add_key",
    "keyctl",
    "shmget",
    *(f"pidfd_open {each}" for each in _OTHERS),
    *(f"prlimit {each}" for each in _OTHERS),
    *(f"SIGIO to {each}" for each in _OTHERS),
    *(f"ioctl FIOSETOWN {each}" for each in _OTHERS),
}
# Without a directory as its root, a sandbox may also have namespaces of its own; Landlock goes with it there.
_COMMAND_WITHOUT_SECCOMP = {
    "chmod",
    "clone in a user namespace",
    "fsopen",
    *(f"unshare {each}" for each in ("user", "mount", "network", "pid")),
}


def allowed(engine: EngineName, level: Level) -> set[str]:
    """The tries that may get something."""
    found = set() if level.seccomp else set(_WITHOUT_SECCOMP)
    if engine is EngineName.PYTESSERACT:
        found |= _COMMAND
        if not level.seccomp:
            found |= _COMMAND_WITHOUT_SECCOMP
        if not level.landlock:
            found |= _WITHOUT_LANDLOCK
            if not level.namespaces:
                found |= _NOT_PARTED
    return found


def open_doors(engine: EngineName, level: Level) -> list[str]:
    """What a sandbox is to say of itself."""
    if engine is EngineName.PYTESSERACT and not level.landlock:
        return ["files", "programs", "processes"]
    return [] if level.seccomp else ["processes"]

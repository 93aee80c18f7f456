"""Processes that a test starts, that come and go, and what a worker's sandboxes do."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from ocr_platform.local.service import Service

# On the command line of a host, and so on that of the sandboxes that it forks.
_HOST_MODULE = "ocr_platform.sandbox.host"
# Beside it: this one starts the command for each page.
_WITH_COMMAND = '"engine": "pytesseract"'
# Of the processor, in seconds: more than opening a document takes, and less than recognising any page.
_BUSY_SECONDS = 0.05


@contextmanager
def launched(service: Service) -> Iterator[Service]:
    """Start it, without waiting for anything; it is stopped in good order, whatever happens."""
    service.launch()
    try:
        yield service
    finally:
        service.ask_to_stop()
        service.finish()


def alive(*processes: psutil.Process) -> list[psutil.Process]:
    """Those that still run; a zombie does not."""
    running = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                running.append(process)
    return running


def kind_of(process: psutil.Process) -> str:
    """`host`, `sandbox`, or the name of any other program, such as `tesseract`. Raises psutil.NoSuchProcess."""
    if not _is_of_the_sandbox(process):
        return process.name()
    parent = process.parent()
    return "sandbox" if parent is not None and _is_of_the_sandbox(parent) else "host"


def kinds_below(process: psutil.Process) -> dict[psutil.Process, str]:
    """All that a process has started, with their kinds."""
    found = {}
    with suppress(psutil.NoSuchProcess):
        for each in process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                found[each] = kind_of(each)
    return found


def recognises(process: psutil.Process) -> bool:
    """Whether this process is at work on a page: the command on a page's file, or else the sandbox by itself."""
    with suppress(psutil.NoSuchProcess):
        kind = kind_of(process)
        if kind == "tesseract":
            return any(part.endswith("page.pnm") for part in process.cmdline())
        if kind == "sandbox" and not any(_WITH_COMMAND in part for part in process.cmdline()):
            return process.cpu_times().user > _BUSY_SECONDS
    return False


@contextmanager
def repeatedly(look: Callable[[], None], seconds: float = 0.005) -> Iterator[None]:
    """Look again and again while the block runs. A sandbox may live for a few hundredths of a second."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(seconds):
            look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def high_water(pid: int | str) -> int:
    """The most memory that a process ever had resident, in bytes by the kernel's own account; 0 when it is gone."""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0


def network_used(pid: int) -> list[str]:
    """What went over any interface of the network that a process has, or was refused there: the kernel's own lines."""
    lines = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    return [line for line in lines if set(line.partition(":")[2].split()) != {"0"}]


def _is_of_the_sandbox(process: psutil.Process) -> bool:
    return _HOST_MODULE in process.cmdline()

"""Looking at the processes of a worker, and ending them one way or another."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ocr_platform.local.service import Service
from tests.processes import alive, kinds_below

MARK = "OCR_TEST_FLEET"  # in the environment of every process of the platform, and of none of the servers
_POLL_SECONDS = 0.02


def main_process(service: Service) -> psutil.Process:
    """The process that was started."""
    assert service.process is not None, f"{service.name} does not run"
    return psutil.Process(service.process.pid)


def children(worker: Service) -> list[psutil.Process]:
    """The processes of a worker that take tasks."""
    return alive(*main_process(worker).children())


def kinds(worker: Service) -> dict[psutil.Process, str]:
    """What a worker's processes have started, with its kinds: hosts, sandboxes, recognisers (`tesseract`)."""
    found = {each: kind for child in children(worker) for each, kind in kinds_below(child).items()}
    return {each: found[each] for each in alive(*found)}


def sandboxes(worker: Service) -> list[psutil.Process]:
    """The sandboxes of a worker, their hosts, and what they started."""
    return list(kinds(worker))


def kill(worker: Service) -> None:
    """SIGKILL to a worker's main process and those that take tasks, as when a machine is lost. Sandboxes are left."""
    doomed = [main_process(worker), *children(worker)]
    for process in doomed:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _wait_for_end(worker, 5)
    psutil.wait_procs(doomed, 5)


def kill_main(worker: Service) -> None:
    """SIGKILL to a worker's main process alone."""
    main_process(worker).kill()
    _wait_for_end(worker, 5)


def stop(service: Service, seconds: float) -> float:
    """SIGTERM to the main process; the seconds that it took to end. Fails the test when it takes longer."""
    started = time.monotonic()
    main_process(service).terminate()
    if not _wait_for_end(service, seconds):
        pytest.fail(f"{service.name} did not end within {seconds} s after SIGTERM")
    return time.monotonic() - started


def resume(*processes: psutil.Process) -> None:
    """SIGCONT."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)


def stopped(worker: Service) -> list[psutil.Process]:
    """Processes of a worker that SIGSTOP holds."""
    return [each for each in children(worker) if each.status() == psutil.STATUS_STOPPED]


def belonging(name: str, scratch: Path) -> list[psutil.Process]:
    """Processes of the fleet of this name that run, sandboxes too: these know their scratch directory and no mark."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            environment = process.environ()
            places = (environment.get("TMPDIR", ""), process.cwd())
            if environment.get(MARK) == name or any(place.startswith(str(scratch)) for place in places):
                found.append(process)
    return [each for each in alive(*found) if each.pid != os.getpid()]


def _wait_for_end(service: Service, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while service.running():
        if time.monotonic() >= ends:
            return False
        time.sleep(_POLL_SECONDS)
    return True

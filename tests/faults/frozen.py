"""Processes that SIGSTOP holds: a whole worker with its sandboxes, or the recogniser of one page."""

import signal
from contextlib import suppress

import psutil

from ocr_platform.local.service import Service
from ocr_platform.models import EngineName
from tests.faults import processes
from tests.faults.logs import wait_until
from tests.processes import alive

# Has pages recognised by a process of its own, which can be held while its sandbox goes on.
WITH_RECOGNISER = {"OCR_ENGINE": EngineName.PYTESSERACT.value}


def freeze(*doomed: psutil.Process) -> None:
    """SIGSTOP, also to processes that are about to end."""
    for process in doomed:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)


def freeze_whole(service: Service) -> list[psutil.Process]:
    """SIGSTOP to a process and all that it started, from the top down; those that were stopped."""
    main = processes.main_process(service)
    freeze(main)
    found = [main, *main.children(recursive=True)]
    freeze(*found)
    return found


def recognisers(worker: Service) -> list[psutil.Process]:
    """Recognisers that are at work on a page: runs of the command, which there are with WITH_RECOGNISER alone."""
    return [each for each in processes.sandboxes(worker) if "page.pnm" in _command(each)]


def freeze_recogniser(worker: Service, seconds: float = 20.0) -> psutil.Process:
    """Wait until a page is being recognised, beside those that are held already, and hold it: it takes for ever."""
    earlier = {each.pid for each in recognisers(worker) if _is_stopped(each)}
    held: list[psutil.Process] = []

    def caught() -> bool:
        for each in recognisers(worker):
            if each.pid not in earlier and not held:
                freeze(each)
                held.append(each)
        # It may have been about to end: then the next one.
        held[:] = alive(*held)
        return bool(held) and _is_stopped(held[0])

    wait_until(caught, seconds, "a page was being recognised")
    return held[0]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _is_stopped(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False

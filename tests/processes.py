"""Looking at processes that come and go."""

from contextlib import suppress

import psutil


def alive(*processes: psutil.Process) -> list[psutil.Process]:
    """Those that still run; a zombie does not."""
    running = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                running.append(process)
    return running

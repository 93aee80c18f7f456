"""The command `ocr-platform` with something wrong about it: `python -m tests.faults.armed worker …`.

What is wrong, the environment variable OCR_TEST_CRASH says: JSON as `crash.Arming` writes it, or one crash alone,
`{"point": "claimed", "do": "kill_child", "latch": "/a/directory", "times": 1, "delay": 0}`.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.faults.crash import ANY_POINT, VARIABLE, Arming, Crash, Strike, loads

_POLL_SECONDS = 0.01


def main() -> None:
    """Arm this process and hand over to the command line."""
    arming = loads(os.environ.pop(VARIABLE, "{}"))
    if arming.wall_clock_offset:
        from tests.faults.clock import shift

        shift(arming.wall_clock_offset)
    _arm(arming)
    from ocr_platform.cli import main as command_line

    command_line(prog_name="ocr-platform")


def _arm(arming: Arming) -> None:
    import ocr_platform.workflow
    from ocr_platform.crash_points import CrashPoint, arm

    if arming.protocol_version is not None:
        # Before any module takes the number by name.
        ocr_platform.workflow.PROTOCOL_VERSION = arming.protocol_version
    if arming.limit_margin is not None:
        import ocr_platform.broker

        ocr_platform.broker._SOFT_LIMIT_MARGIN = ocr_platform.broker._HARD_LIMIT_MARGIN = arming.limit_margin
    main_process = os.getpid()
    known = {ANY_POINT, *CrashPoint}
    if unknown := {crash.point for crash in arming.crashes} - known:
        sys.exit(f"{VARIABLE}: no such point: {unknown}")

    def reached(point: CrashPoint) -> None:
        job, task = _in_hand()
        for crash in arming.crashes:
            here = crash.point in (ANY_POINT, point) and crash.job in (None, job)
            if here and not _takes(crash, "passed", crash.skip):
                _strike(crash, partial(_now, crash, main_process, job, task))

    arm(reached)


def _in_hand() -> tuple[str, str]:
    """The job and the task that this thread is busy with; empty outside of tasks."""
    from celery._state import get_current_task

    request = getattr(get_current_task(), "request", None)
    if request is None:
        return "", ""
    arguments = request.args or ("",)
    return str(arguments[0]), str(request.task)


def _strike(crash: Crash, now: Callable[[], None]) -> None:
    if crash.do in ("sleep", "raise") or not (crash.delay or crash.kind):
        now()
        return
    import threading

    def later() -> None:
        time.sleep(crash.delay)
        while crash.kind and crash.kind not in {kind for _process, kind in _descendants()}:
            time.sleep(_POLL_SECONDS)
        now()

    # Counted when it strikes: the process may have ended by itself before.
    threading.Thread(target=later, daemon=True).start()


def _now(crash: Crash, main_process: int, job: str, task: str) -> None:
    import signal

    if _spent(crash, "struck", crash.times):
        return
    strike = Strike(time.clock_gettime(time.CLOCK_REALTIME), os.getpid(), job, task, _descendants())
    if not _takes(crash, "struck", crash.times, json.dumps(asdict(strike))):
        return
    match crash.do:
        case "sleep":
            time.sleep(crash.delay)
        case "raise":
            raise ValueError(crash.backwards[::-1])
        case "stop_child":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "kill_worker":
            _kill_worker(main_process)
        case _:
            os.kill(os.getpid(), signal.SIGKILL)


def _descendants() -> list[tuple[int, str]]:
    import psutil

    from tests.processes import kinds_below

    return [(process.pid, kind) for process, kind in kinds_below(psutil.Process()).items()]


def _kill_worker(main_process: int) -> None:
    """The main process first, so that it replaces nobody; sandboxes must find out by themselves."""
    import signal
    from contextlib import suppress

    import psutil

    children = [child.pid for child in psutil.Process(main_process).children()]
    for pid in (main_process, *(child for child in children if child != os.getpid()), os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _takes(crash: Crash, kind: str, limit: int, content: str = "") -> bool:
    """Take the next of `limit` numbers, which all processes share; false when none is left."""
    if _spent(crash, kind, limit):
        return False
    written = crash.latch / f"{os.getpid()}-{time.monotonic_ns()}"
    written.write_text(content)
    try:
        return any(_linked(written, crash.latch / f"{kind}-{number}") for number in range(limit))
    finally:
        written.unlink()


def _spent(crash: Crash, kind: str, limit: int) -> bool:
    """True when all numbers are taken: they are taken in order."""
    return not limit or (crash.latch / f"{kind}-{limit - 1}").exists()


def _linked(written: Path, number: Path) -> bool:
    """True when `written` got this number: nobody sees it without its content."""
    try:
        number.hardlink_to(written)
    except FileExistsError:
        return False
    return True


if __name__ == "__main__":
    main()

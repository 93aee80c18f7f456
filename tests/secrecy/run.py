"""What happens to an installation with canaries: a retry, a crash, a hard time limit, an error that nobody expects."""

import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_platform.crash_points import CrashPoint
from tests.canary import VOCABULARY
from tests.faults.crash import Crash, Deed
from tests.faults.documents import write_document
from tests.places import INSPECTED, Monitor, inspected
from tests.processes import repeatedly
from tests.secrecy.installation import Installation, look_everywhere

_JOBS = 6
_SECONDS = 90.0
_POLL_SECONDS = 0.1
WORDS = tuple(random.Random("document 0").sample(VOCABULARY, 3))  # as `write_document` draws them


def crashes(latch: Path) -> Sequence[Crash]:
    """A killed child and a stopped one, both with recognised text in their memory, and an error that quotes it."""

    def once(point: CrashPoint, do: Deed, skip: int = 0, backwards: str = "") -> Crash:
        folder = latch / do
        folder.mkdir()
        return Crash(point, do, folder, skip=skip, backwards=backwards)

    return (
        once(CrashPoint.STAGED, "kill_child"),
        once(CrashPoint.OUTPUT_WRITTEN, "stop_child", skip=1),
        once(CrashPoint.TASK_DONE, "raise", skip=1, backwards=" ".join(WORDS)[::-1]),
    )


@dataclass(frozen=True)
class Evidence:
    """How the jobs ended, a result, what workers said they were doing, Flower's tasks; and every place's content."""

    states: Sequence[str]
    text: str
    active: Mapping[str, Any]
    tasks: Mapping[str, Any]
    secrets: Sequence[str]
    places: Mapping[str, bytes]
    log: Sequence[str]


def run(found: Installation, folder: Path) -> Evidence:
    """Have it all happen, and look everywhere."""
    document = write_document(folder / "page.tif", pages=2)
    assert document.canary == WORDS
    views, client = found.views(), found.client
    with found.redis_admin() as admin, Monitor(admin) as monitor, repeatedly(views.look, 0.1):
        found.await_logged("worker", "enabled by remote")  # Flower hears events from now on
        with document.path.open("rb") as file:
            source = client.upload(file)
        jobs = [client.submit(source) for _ in range(_JOBS)]
        with found.gate.outage("s3", "error"):
            found.await_logged("worker", '"stage_retried"')
        found.put_keys()
        answers = _active(found)
        states = [str(client.wait(job, _SECONDS).state) for job in jobs]
        found.await_logged("worker", "Hard time limit")
        time.sleep(1)  # the last events reach Flower
        places = {place: look() for place, look in look_everywhere(found, monitor, views).items()}
        places["inspect"] += json.dumps(answers, default=str).encode()
        text = client.result(jobs[0]).text
    return Evidence(
        states, text, answers["active"], found.flower.tasks(), found.secrets, places, found.production.log("worker")
    )


def _active(found: Installation) -> Mapping[str, Any]:
    """What workers answer while one of them has something in hand."""
    ends = time.monotonic() + _SECONDS
    with found.asking() as app:
        while True:
            answers = inspected(app, *INSPECTED)
            if any((answers["active"] or {}).values()):
                return answers
            assert time.monotonic() < ends, "no worker was ever busy"

"""A worker that is killed without a chance to clean up takes its sandbox with it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from ocr_platform.sandbox.reader import SandboxReader
from tests.conftest import require_services
from tests.integration.sandbox.support import (
    ENVIRONMENT,
    config,
    dense_png,
    endless_pdf,
    note_png,
    read,
    recogniser_of,
    wait_for,
)
from tests.processes import alive

ROOT = Path(__file__).parents[3]
# A worker as Celery's child is one: it reads a page and knows nothing of what will happen to it.
WORKER = """
import sys
from pathlib import Path
from ocr_platform.sandbox.reader import SandboxReader
from tests.integration.sandbox.support import ENVIRONMENT, config, read
reader = SandboxReader(config(max_pixels=1_000_000_000), Path(sys.argv[1]), ENVIRONMENT)
reader.languages()
print("ready", flush=True)
read(reader, Path(sys.argv[2]).read_bytes())
"""


@contextmanager
def worker(scratch: Path, body: bytes) -> Iterator[tuple[psutil.Process, psutil.Process]]:
    """A worker in a process of its own and its sandbox's child."""
    page = scratch.parent / "page"
    page.write_bytes(body)
    command = [sys.executable, "-c", WORKER, str(scratch), str(page)]
    with subprocess.Popen(command, env=dict(os.environ), cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == "ready\n"
            process = psutil.Process(started.pid)
            yield process, wait_for(lambda: next(iter(process.children()), None))
        finally:
            started.kill()


def test_kill_9_in_mid_page_leaves_neither_child_nor_recogniser(scratch: Path) -> None:
    require_services()
    with worker(scratch, dense_png()) as (process, child):
        recogniser = recogniser_of(child)

        process.kill()

        wait_for(lambda: not alive(child, recogniser), seconds=2)


def test_kill_9_while_the_child_is_deep_in_a_decoder_leaves_no_child(scratch: Path) -> None:
    # Given a child that is in one call of PDFium for minutes: no line of Python runs meanwhile
    require_services()
    with worker(scratch, endless_pdf()) as (process, child):
        started = child.cpu_times().user
        wait_for(lambda: child.cpu_times().user > started + 0.5)

        process.kill()

        try:
            wait_for(lambda: not alive(child), seconds=2)
        finally:
            child.kill()


def test_kill_9_in_mid_page_leaves_no_plaintext(scratch: Path) -> None:
    require_services()
    with worker(scratch, dense_png()) as (process, child):
        recogniser_of(child)
        assert [path.name for path in scratch.glob("*/*/*.pgm")] == ["page.pgm"]

        process.kill()

        wait_for(lambda: not list(scratch.iterdir()), seconds=2)


def test_what_worker_and_child_could_not_remove_is_removed_by_the_next_sandbox(scratch: Path) -> None:
    # Given plaintext of a page whose worker and child were killed together, as by the kernel's memory killer
    require_services()
    with worker(scratch, dense_png()) as (process, child):
        recogniser = recogniser_of(child)
        process.suspend()
        child.kill()
        process.kill()
        wait_for(lambda: not alive(process, child))
        recogniser.kill()
    (stale,) = scratch.iterdir()
    assert list(stale.glob("*/page.pgm"))

    # When any other worker starts its sandbox
    reader = SandboxReader(config(), scratch, ENVIRONMENT)
    read(reader, note_png())

    assert not stale.exists()
    reader.close()
    assert list(scratch.iterdir()) == []


def test_the_scratch_directory_of_a_live_worker_is_left_alone(scratch: Path) -> None:
    require_services()
    with worker(scratch, dense_png()) as (_process, child):
        recogniser = recogniser_of(child)
        (own,) = scratch.iterdir()

        reader = SandboxReader(config(), scratch, ENVIRONMENT)
        reader.languages()
        reader.close()

        assert own.exists()
        assert alive(child, recogniser) == [child, recogniser]

"""A worker that is killed without a chance to clean up takes its sandbox with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from ocr_platform.models import EngineName
from ocr_platform.sandbox.reader import SandboxReader
from tests.conftest import require_services
from tests.integration.sandbox.support import (
    ENVIRONMENT,
    at_work,
    config,
    dense_png,
    endless_pdf,
    note_png,
    read,
    wait_for,
)
from tests.processes import alive

ROOT = Path(__file__).parents[3]
# A worker as Celery's child is one: it reads a page and knows nothing of what will happen to it.
WORKER = """
import sys
from pathlib import Path
from ocr_platform.models import EngineName
from ocr_platform.sandbox.reader import SandboxReader
from tests.integration.sandbox.support import ENVIRONMENT, config, read
limits = config(max_pixels=1_000_000_000, engine=EngineName(sys.argv[3]))
reader = SandboxReader(limits, Path(sys.argv[1]), ENVIRONMENT)
reader.languages()
print("ready", flush=True)
read(reader, Path(sys.argv[2]).read_bytes())
"""


@contextmanager
def worker(scratch: Path, body: bytes, engine: EngineName) -> Iterator[tuple[psutil.Process, psutil.Process]]:
    """A worker in a process of its own and its sandboxes' host."""
    require_services()
    page = scratch.parent / "page"
    page.write_bytes(body)
    command = [sys.executable, "-c", WORKER, str(scratch), str(page), engine]
    with subprocess.Popen(command, env=dict(os.environ), cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == "ready\n"
            process = psutil.Process(started.pid)
            yield process, wait_for(lambda: next(iter(process.children()), None))
        finally:
            started.kill()


def test_kill_9_in_mid_page_leaves_neither_host_nor_sandbox_nor_recogniser(scratch: Path, engine: EngineName) -> None:
    with worker(scratch, dense_png(), engine) as (process, host):
        busy = at_work(host, [])

        process.kill()

        wait_for(lambda: not alive(*busy.all), seconds=2)


def test_kill_9_while_the_sandbox_is_deep_in_a_decoder_leaves_nothing(scratch: Path, engine: EngineName) -> None:
    # Given a sandbox that is in one call of PDFium for minutes: no line of Python runs meanwhile
    with worker(scratch, endless_pdf(), engine) as (process, host):
        sandbox = wait_for(lambda: next(iter(host.children()), None))
        wait_for(lambda: sandbox.cpu_times().user > 0.5)

        process.kill()

        try:
            wait_for(lambda: not alive(host, sandbox), seconds=2)
        finally:
            with suppress(psutil.NoSuchProcess):
                sandbox.kill()


def test_kill_9_of_a_worker_whose_host_and_sandbox_are_stopped_leaves_nothing(scratch: Path) -> None:
    # Given processes that run no line of their own: the kernel must end them
    with worker(scratch, dense_png(), EngineName.TESSEROCR) as (process, host):
        busy = at_work(host, [])
        for each in (busy.sandbox, host):
            each.send_signal(signal.SIGSTOP)

        process.kill()
        host.kill()

        wait_for(lambda: not alive(*busy.all), seconds=2)


def test_kill_9_in_mid_page_leaves_no_plaintext(scratch: Path, engine: EngineName) -> None:
    with worker(scratch, dense_png(), engine) as (process, host):
        at_work(host, [])
        pages = [path.name for path in scratch.rglob("*") if path.is_file()]
        # The library is handed the pixels and has no file at all
        assert pages.count("page.pnm") == (0 if engine is EngineName.TESSEROCR else 1)

        process.kill()

        wait_for(lambda: not list(scratch.iterdir()), seconds=2)


@pytest.mark.parametrize("engine", [EngineName.PYTESSERACT], indirect=True)
def test_what_worker_and_host_could_not_remove_is_removed_by_the_next_one(scratch: Path, engine: EngineName) -> None:
    # Given plaintext of a page whose processes were killed together, as by the kernel's memory killer
    with worker(scratch, dense_png(), engine) as (process, host):
        busy = at_work(host, [])
        process.suspend()
        host.kill()
        process.kill()
        wait_for(lambda: not alive(process, host))
        busy.recogniser.kill()
        wait_for(lambda: not alive(*busy.all))
    (stale,) = scratch.iterdir()
    assert list(stale.glob("*/page.pnm"))

    # When any other worker starts its host
    reader = SandboxReader(config(), scratch, ENVIRONMENT)
    read(reader, note_png())

    assert not stale.exists()
    reader.close()
    assert list(scratch.iterdir()) == []


def test_the_scratch_directory_of_a_live_worker_is_left_alone(scratch: Path, engine: EngineName) -> None:
    with worker(scratch, dense_png(), engine) as (_process, host):
        busy = at_work(host, [])
        (own,) = scratch.iterdir()

        reader = SandboxReader(config(), scratch, ENVIRONMENT)
        reader.languages()
        reader.close()

        assert own.exists()
        assert alive(*busy.all) == list(busy.all)

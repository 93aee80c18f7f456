"""However a command ends, nothing of it is left: no process, no file, no listening socket."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ocr_platform.local.directory import MARKER
from ocr_platform.sandbox.limits import memory_dir
from tests.acceptance.helpers import GENERATED, PROGRAM, run
from tests.conftest import require_services
from tests.processes import alive, recognises


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not come to that in time"
        time.sleep(0.05)


class Command:
    """`ocr-platform run` on many pages, with temporary directories of its own."""

    def __init__(self, folder: Path) -> None:
        self.temp = folder / "temp"
        self.temp.mkdir(mode=0o711)
        self.environment = os.environ | {"TMPDIR": str(self.temp)}
        files = [GENERATED / "letter.pdf"] * 20
        self.process = subprocess.Popen(
            [*PROGRAM, "run", "--out", folder / "out", *files],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def stacks(self) -> list[Path]:
        return list((self.temp / f"ocr-platform-{os.getuid()}").glob("stack-*"))

    def wait_until_mid_page(self) -> list[psutil.Process]:
        """Until a page is being recognised; returns every process of the command."""
        command = psutil.Process(self.process.pid)
        wait_for(lambda: any(map(recognises, command.children(recursive=True))))
        return command.children(recursive=True)


@pytest.fixture
def command() -> Iterator[Command]:
    require_services()
    # Not pytest's own directory: PostgreSQL runs as another user when we are root, and must be able to pass.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        started = Command(Path(folder))
        yield started
        started.process.kill()
        started.process.wait()


def listening(processes: list[psutil.Process]) -> set[int]:
    """Ports that these processes listen on."""
    ports = set()
    for process in processes:
        try:
            connections = process.net_connections()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        ports |= {found.laddr.port for found in connections if found.status == psutil.CONN_LISTEN and found.laddr}
    return ports


def open_ports() -> set[int]:
    listeners = (found for found in psutil.net_connections("tcp") if found.status == psutil.CONN_LISTEN)
    return {found.laddr.port for found in listeners if found.laddr}


def scratch() -> set[Path]:
    return set((memory_dir() or Path(tempfile.gettempdir())).glob("ocr-sandbox-*"))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_nothing(command: Command, sent: signal.Signals) -> None:
    before = scratch()
    processes = command.wait_until_mid_page()
    ports = listening(processes)
    assert len(ports) >= 4  # Redis, PostgreSQL, the AWS emulator, Flower

    command.process.send_signal(sent)

    assert command.process.wait(20) == 128 + sent
    assert alive(*processes) == []
    assert command.stacks == []
    assert open_ports() & ports == set()
    wait_for(lambda: scratch() <= before, 5)


def test_a_killed_run_is_cleaned_up_by_the_next_start(command: Command, tmp_path: Path) -> None:
    before = scratch()
    processes = command.wait_until_mid_page()
    ports = listening(processes)
    (killed,) = command.stacks

    command.process.kill()
    command.process.wait()
    ran = run("run", "--out", tmp_path / "next", GENERATED / "letter.png", environment={"TMPDIR": str(command.temp)})

    assert ran.code == 0
    assert alive(*processes) == []
    assert not killed.exists()
    assert command.stacks == []
    assert open_ports() & ports == set()
    assert scratch() <= before
    marked = [process.pid for process in psutil.process_iter() if _marker(process) == killed.name]
    assert marked == []


def _marker(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARKER)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None

"""However a stack ends, nothing of it is left; and no stack is in another one's way."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from ocr_platform.local.directory import MARKER, StackDirectory, sweep
from ocr_platform.local.servers import http_ready
from tests.integration.local.support import (
    Up,
    files_in,
    left_after,
    listens,
    memory_files,
    stacks_in,
    started_up,
    under,
    wait_for,
)
from tests.processes import alive

# A process that does not stop when it is asked to.
DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); print('ready'); signal.pause()"
# A command that is told to stop while Python runs a finaliser, where exceptions are printed and forgotten.
UNLUCKY = """
import signal, time
from ocr_platform.cli.signals import orderly_exit

class Unlucky:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
        time.sleep(0)

with orderly_exit():
    Unlucky()
    time.sleep(10)
"""


@pytest.fixture(scope="module")
def three(base: Path) -> Iterator[list[Up]]:
    """Three stacks that were started in the same moment, by three processes. A test may end the one it takes."""
    with ExitStack() as opened:
        started = [opened.enter_context(started_up(base)) for _ in range(3)]
        for each in started:
            each.wait_until_ready()
        yield started


def assert_nothing_left(up: Up, processes: list[psutil.Process], memory: set[Path]) -> None:
    assert alive(*processes) == []
    assert not [port for port in up.ports if listens(port)]
    assert not up.directory.exists()
    assert [path for path in memory if path.exists()] == []
    assert up.process.stderr is not None
    assert up.process.stderr.read() == ""


def assert_works(up: Up) -> None:
    assert http_ready(f"{up.about['addresses']['aws']}/moto-api/")
    assert all(map(listens, up.ports))
    assert up.process.poll() is None


def test_three_stacks_at_once_have_nothing_in_common(three: list[Up]) -> None:
    assert len({up.directory for up in three}) == 3
    assert len(set.union(*(up.ports for up in three))) == 4 * 3
    passwords = {up.about["flower_login"]["password"] for up in three}
    keys = {up.about["environment"]["AWS_SECRET_ACCESS_KEY"] for up in three}
    assert (len(passwords), len(keys)) == (3, 3)
    for up in three:
        assert_works(up)


def test_a_stack_is_seen_by_its_owner_alone(three: list[Up]) -> None:
    up = three[0]
    secret = [path for path in up.directory.iterdir() if path.is_file() or path.name in ("secrets", "tmp", "logs")]

    assert len(secret) > 5
    assert [path for path in secret if path.stat().st_mode & 0o077] == []


def test_every_process_of_a_stack_carries_its_mark(three: list[Up]) -> None:
    # Given that the sweep finds by it what is left of a stack; what these start, they end themselves
    up = three[0]
    services = psutil.Process(up.process.pid).children()

    marks = {service.name(): service.environ().get(MARKER) for service in services}

    assert set(marks.values()) == {up.directory.name}, marks


def test_a_stack_whose_owner_lives_is_never_touched(three: list[Up]) -> None:
    up = three[2]
    before = set(alive(*up.processes()))

    # When others sweep, and start and end stacks of their own, in the same place
    swept = sweep(up.directory.parent)
    own = StackDirectory(up.directory.parent)
    swept_beside_own = sweep(up.directory.parent)
    kept = own.path.exists()
    own.remove()

    assert (swept, swept_beside_own) == ([], [])
    assert kept
    assert not own.path.exists()
    assert before == set(alive(*up.processes()))
    assert_works(up)


@pytest.mark.parametrize(("place", "number"), [(0, signal.SIGTERM), (1, signal.SIGINT)])
def test_a_signal_leaves_no_process_no_file_and_no_socket(place: int, number: signal.Signals, three: list[Up]) -> None:
    # Given a stack that runs beside others
    up = three[place]
    processes = up.processes()
    memory = memory_files(processes)
    assert {process.name() for process in processes} >= {"redis-server", "postgres"}
    assert len(processes) >= 8

    code = up.send(number)

    assert code == 128 + number
    assert_nothing_left(up, processes, memory)
    assert_works(three[2])


def test_kill_9_ends_the_processes_and_the_next_sweep_removes_the_directory(base: Path) -> None:
    # Given a stack whose owner gets no chance to end it
    with started_up(base) as up:
        up.wait_until_ready()
        processes = up.processes()
        memory = memory_files(processes)
        assert up.send(signal.SIGKILL) == -signal.SIGKILL

        # Then the kernel ends what ran
        assert left_after(processes, 5) == []
        assert up.directory.exists()

        # And whoever comes next removes what lies there
        assert sweep(up.directory.parent) == [up.directory.name]
        assert_nothing_left(up, processes, memory)


def test_a_process_that_outlived_its_stacks_owner_is_ended_by_the_next_sweep(base: Path) -> None:
    # Given a process with the mark of a stack that nobody owns any more
    ownerless = base / "stack-0123456789ab"
    ownerless.mkdir()
    program = [sys.executable, "-uc", DEAF]
    with subprocess.Popen(program, env={MARKER: ownerless.name}, stdout=subprocess.PIPE) as orphan:
        assert orphan.stdout is not None
        assert orphan.stdout.readline() == b"ready\n"

        swept = sweep(base)

        assert swept == [ownerless.name]
        assert orphan.wait(10) == -signal.SIGKILL
    assert not ownerless.exists()


def test_a_signal_while_a_stack_starts_leaves_nothing(base: Path) -> None:
    # Given three stacks that are interrupted at different moments of their start
    moments = {signal.SIGTERM: 0.0, signal.SIGINT: 0.6, signal.SIGHUP: 1.2}
    places = {number: base / number.name for number in moments}
    with ExitStack() as opened:
        started = {}
        for number, place in places.items():
            place.mkdir(mode=0o711)
            place.chmod(0o711)
            started[number] = opened.enter_context(started_up(place))
        wait_for(lambda: all(stacks_in(place) for place in places.values()))
        begun = time.monotonic()
        for number, moment in moments.items():
            time.sleep(max(0.0, begun + moment - time.monotonic()))
            started[number].process.send_signal(number)
        ends = {number: up.process.wait(20) for number, up in started.items()}

        assert ends == {number: 128 + number for number in moments}
        for number, place in places.items():
            assert alive(*under(place)) == [], number
            assert stacks_in(place) == [], number
            assert files_in(place) == [], number


def test_a_signal_that_strikes_in_a_finaliser_ends_the_command_nevertheless() -> None:
    with subprocess.Popen([sys.executable, "-c", UNLUCKY], stderr=subprocess.DEVNULL) as command:
        try:
            assert command.wait(5) == 128 + signal.SIGTERM
        finally:
            command.kill()


def test_up_ends_when_a_service_of_its_stack_dies(base: Path) -> None:
    with started_up(base) as up:
        up.wait_until_ready()
        processes = up.processes()
        redis = next(process for process in processes if process.name() == "redis-server")

        redis.kill()
        code = up.process.wait(60)

        assert code == 1
        assert up.process.stderr is not None
        assert "redis ended" in up.process.stderr.read()
        assert alive(*processes) == []
        assert not up.directory.exists()

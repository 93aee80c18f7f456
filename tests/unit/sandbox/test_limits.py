"""Limits, each put on a process of its own."""

import os
import resource
import signal
import time

import pytest

from ocr_platform.sandbox.limits import die_with_parent, limit_resources, memory_dir
from tests.unit.support import answer_of, forked, forks, true_in_child

MIB = 1024 * 1024


def limit(
    *, memory_bytes: int = 64 * 1024 * MIB, cpu_seconds: int = 100, file_bytes: int = MIB, files: int = 32
) -> None:
    limit_resources(memory_bytes=memory_bytes, cpu_seconds=cpu_seconds, file_bytes=file_bytes, open_files=files)


@forks
def test_every_limit_is_both_what_holds_and_what_can_be_had() -> None:
    def look() -> bool:
        limit()
        return (
            resource.getrlimit(resource.RLIMIT_AS) == (64 * 1024 * MIB,) * 2
            and resource.getrlimit(resource.RLIMIT_CPU) == (99, 100)
            and resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
            and resource.getrlimit(resource.RLIMIT_NOFILE) == (32, 32)
            and resource.getrlimit(resource.RLIMIT_FSIZE) == (MIB, MIB)
        )

    assert true_in_child(look)


@forks
def test_stricter_limit_that_was_there_before_stays() -> None:
    def look() -> bool:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        limit(file_bytes=MIB)
        return resource.getrlimit(resource.RLIMIT_FSIZE) == (1000, 1000)

    assert true_in_child(look)


@forks
def test_cpu_that_is_used_up_is_told_by_a_signal_of_its_own() -> None:
    def spin() -> bool:
        limit(cpu_seconds=2)
        while True:
            pass

    _pid, status = os.waitpid(forked(spin), 0)

    assert os.waitstatus_to_exitcode(status) == -signal.SIGXCPU


@forks
def test_memory_beyond_the_limit_is_not_to_be_had() -> None:
    def look() -> bool:
        limit(memory_bytes=512 * MIB)
        try:
            bytearray(600 * MIB)
        except MemoryError:
            return True
        return False

    assert true_in_child(look)


@forks
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_child_dies_with_its_parent(number: signal.Signals) -> None:
    # Given a parent that goes away and a child which would stay
    there, here = os.pipe()

    def parent() -> bool:
        os.close(there)
        me = os.getpid()
        if os.fork() == 0:
            die_with_parent(me, number)
            os.write(here, b"x")
            time.sleep(60)
            os._exit(0)
        time.sleep(0.2)
        return True

    child = forked(parent)
    os.close(here)
    assert answer_of(child)

    # Then the pipe ends: nobody holds its other end any more
    assert os.read(there, 1) == b"x"
    assert os.read(there, 1) == b""
    os.close(there)


@forks
def test_child_whose_parent_is_gone_already_ends_at_once() -> None:
    def look() -> bool:
        die_with_parent(os.getppid() + 1)
        os._exit(3)

    assert answer_of(forked(look))


def test_memory_directory_is_one_that_can_be_written_to() -> None:
    found = memory_dir()

    assert found is None or os.access(found, os.W_OK)

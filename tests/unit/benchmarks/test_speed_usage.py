import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.speed.usage import CommandFailed, Sampler, Usage, WholeTree, measure_command, measured, process_tree

MIB = 1024 * 1024
# 64 MiB and half a second of CPU in a child, which has ended when its parent does.
HEAVY = "import time\nheld = bytearray(64 << 20)\nwhile time.process_time() < 0.5: pass"
PARENT = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {HEAVY!r}], check=True)"


def test_a_command_is_charged_with_what_its_children_used(tmp_path: Path) -> None:
    usage = measure_command([sys.executable, "-c", PARENT], os.environ, tmp_path / "log")

    assert 0.5 <= usage.cpu_seconds <= 5
    assert usage.seconds >= 0.5
    assert usage.peak_bytes > 64 * MIB
    assert usage.sampling_seconds < 0.1 * usage.seconds


def test_a_command_that_fails_says_so_and_leaves_its_words(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="exit code 3"):
        measure_command(["sh", "-c", "echo broken >&2; exit 3"], os.environ, tmp_path / "log")

    assert (tmp_path / "log").read_text() == "broken\n"


def test_a_running_process_is_charged_with_what_happens_inside_alone() -> None:
    usages: list[Usage] = []
    script = f"import sys\nwhile sys.stdin.readline(): exec({HEAVY!r}); print('done', flush=True)"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        with measured(process.pid, usages):
            process.stdin.write(b"go\n")
            process.stdin.flush()
            process.stdout.readline()
        process.stdin.close()

    (usage,) = usages
    assert 0.4 <= usage.cpu_seconds <= 5
    assert usage.peak_bytes > 64 * MIB


def test_grandchildren_belong_to_the_tree() -> None:
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", nested], stdin=subprocess.PIPE) as process:
        ends = time.monotonic() + 10
        while len(process_tree(process.pid)) < 2 and time.monotonic() < ends:
            time.sleep(0.01)
        tree = process_tree(process.pid)
        assert process.stdin
        process.stdin.close()

    assert tree[0] == process.pid
    assert len(tree) == 2


def test_a_process_that_is_gone_uses_nothing() -> None:
    process = subprocess.Popen(["true"])
    process.wait()

    assert WholeTree(process.pid)() == {"all": 0}


def test_a_sampler_keeps_the_greatest_of_each_name() -> None:
    sizes = iter([{"a": 1}, {"a": 3, "b": 1}, {"a": 2}])

    with Sampler(lambda: next(sizes, {}), every_seconds=0.001) as sampler:
        time.sleep(0.1)

    assert sampler.peaks == {"a": 3, "b": 1}

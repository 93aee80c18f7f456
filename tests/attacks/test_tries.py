"""What a decoder that belongs to an attacker gets, at each level of what the kernel offers."""

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from ocr_platform.models import EngineName
from ocr_platform.sandbox import landlock
from tests.attacks import calls
from tests.attacks.expected import allowed, open_doors
from tests.attacks.levels import LEVELS
from tests.attacks.support import LAUNCH, NOBODY, NOTE, open_folder
from tests.conftest import require_services

ENGINES = (EngineName.TESSEROCR, EngineName.PYTESSERACT)

pytestmark = [
    pytest.mark.skipif(not calls.SUPPORTED, reason="numbers of system calls are those of x86-64"),
    pytest.mark.skipif(landlock.version() < landlock.SCOPE_ABI, reason="this kernel does not offer everything"),
]


@pytest.fixture(params=[0, NOBODY], ids=["as started", "ordinary user"])
def user(request: pytest.FixtureRequest) -> int:
    """Who the worker is; 0 stands for whoever runs the tests."""
    wanted: int = request.param
    if wanted and os.geteuid() != 0:
        pytest.skip("only root can become somebody else; this run is of an ordinary user anyway")
    if wanted and subprocess.run([sys.executable, str(LAUNCH)], capture_output=True, check=False).returncode:
        pytest.skip("this Python cannot be shown to another user: no mounts of one's own here")
    return wanted


@cache
def attacked(level: str, user: int, engine: EngineName) -> dict[str, Any]:
    """What a worker of this user says on such a kernel."""
    with open_folder() as folder:
        words = [sys.executable, str(LAUNCH), "worker.py", level, str(user), engine, str(folder)]
        run = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        assert run.returncode == 0, run.stderr
        found: dict[str, Any] = json.loads(run.stdout)
    assert isinstance(found["tries"], dict), found
    return found


def printed(title: str, tables: dict[str, dict[str, str]]) -> None:
    """Try by level."""
    print(f"\n{title}\n{'':36}" + "".join(f"{level:22}" for level in tables))
    for name in next(iter(tables.values())):
        print(f"{name:36}" + "".join(f"{table[name][:20]:22}" for table in tables.values()))


@pytest.mark.parametrize("engine", ENGINES)
def test_each_try_gets_no_more_than_the_kernel_leaves_open(engine: EngineName, user: int) -> None:
    require_services()
    runs = {name: attacked(name, user, engine) for name in LEVELS}
    printed(f"{engine}, uid {runs['a: all']['uid']}", {name: run["tries"] for name, run in runs.items()})

    for name, run in runs.items():
        got = {attempt for attempt, came in run["tries"].items() if came.startswith(calls.GOT)}
        assert got - allowed(engine, LEVELS[name]) == set(), name
        # Nothing reached a listener, on the machine's network or at a name, whatever the sandbox has
        assert run["arrived"] == [], name
        # Others lived on, and read what they should
        assert [text.strip() for text in run["honest"]] == [NOTE, NOTE], name
        assert run["sibling_lives"], name
        assert run["secret_intact"], name


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("level", LEVELS)
def test_a_sandbox_says_what_does_not_hold_it_and_strict_reads_only_where_all_does(
    level: str, engine: EngineName, user: int
) -> None:
    require_services()
    run = attacked(level, user, engine)

    assert run["missing"] == list(LEVELS[level].missing)
    assert run["open"] == open_doors(engine, LEVELS[level])
    assert run["strict"] == ("refused" if LEVELS[level].missing else "read")
    if LEVELS[level].landlock:
        assert run["left"] == []

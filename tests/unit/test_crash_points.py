"""Crash points are the tests' alone: nothing that an operator or an attacker can set reaches them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ocr_platform
from ocr_platform import crash_points
from ocr_platform.crash_points import CrashPoint, arm, reach

PACKAGE = Path(ocr_platform.__file__).parent
SOURCES = {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}


@pytest.fixture
def armed() -> Iterator[list[CrashPoint]]:
    """The points that were reached since the test began."""
    reached: list[CrashPoint] = []
    arm(reached.append)
    yield reached
    arm(None)


def test_process_that_nobody_armed_goes_on() -> None:
    assert crash_points._hook is None

    for point in CrashPoint:
        reach(point)


def test_armed_process_calls_the_hook_at_each_point(armed: list[CrashPoint]) -> None:
    for point in CrashPoint:
        reach(point)

    assert armed == list(CrashPoint)


def test_hook_may_raise_what_a_test_is_about() -> None:
    def crash(_: CrashPoint) -> None:
        raise KeyboardInterrupt

    arm(crash)
    try:
        with pytest.raises(KeyboardInterrupt):
            reach(CrashPoint.CLAIMED)
    finally:
        arm(None)


def test_disarmed_process_goes_on(armed: list[CrashPoint]) -> None:
    arm(None)

    reach(CrashPoint.CLAIMED)

    assert armed == []


def test_nothing_in_the_package_arms_them() -> None:
    armers = [
        f"{name}: {line.strip()}"
        for name, text in SOURCES.items()
        for line in text.splitlines()
        if re.search(r"crash_points\.(arm|_hook)|\barm\(|import .*\barm\b", line) and not line.startswith("def arm(")
    ]

    assert armers == []


def test_others_take_only_what_reaches_a_point() -> None:
    for name, text in SOURCES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module == "ocr_platform.crash_points":
                assert {alias.name for alias in node.names} <= {"CrashPoint", "reach"}, name


def test_they_read_no_setting_and_no_environment() -> None:
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(SOURCES["crash_points.py"]))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert imported == {"collections.abc", "enum"}


def test_environment_is_read_by_the_settings_and_by_the_local_stack_alone() -> None:
    readers = {name for name, text in SOURCES.items() if re.search(r"\bos\.environ|\bgetenv\b|import environ", text)}

    assert "settings/environment.py" in readers
    # An engine reads what the sandbox's host was started with, which is `Settings.sandbox_environment` and no more.
    assert {name for name in readers if not name.startswith(("local/", "ocr/engines/"))} == {"settings/environment.py"}


@pytest.mark.parametrize("point", CrashPoint)
def test_every_point_stands_somewhere(point: CrashPoint) -> None:
    assert any(f"reach(CrashPoint.{point.name})" in text for text in SOURCES.values())

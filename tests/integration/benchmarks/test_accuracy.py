"""The whole measurement on pages of our own: the real command beside the platform's real sandbox."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_services
from tests.data.folders import make_folder

ROOT = Path(__file__).parents[3]
WAIT_SECONDS = 120.0


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """Pages, and the call that measures them."""
    require_services()
    make_folder(tmp_path / "pages")
    call = [sys.executable, "-m", "benchmarks.accuracy", str(tmp_path / "pages"), "--cache", str(tmp_path / "cache")]
    return [*call, "--tools", "platform,tesseract", "--quality", "balanced"]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def readings(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["readings"]
    return found


def test_both_are_measured_and_a_second_call_reads_nothing(command: list[str], tmp_path: Path) -> None:
    first = run([*command, "--json", str(tmp_path / "first.json"), "--out", str(tmp_path / "out")])

    assert first.returncode == 0, first.stderr
    assert "6 of 6:" in first.stderr
    assert "### Platform `balanced` beside `tesseract`: word F1 (higher is better)" in first.stdout
    assert (tmp_path / "out/accuracy.md").exists()
    found = readings(tmp_path / "first.json")
    assert [(each["tool"], each["page"]) for each in found] == [
        (tool, name) for name in ("letter__1", "letter__2", "list__1") for tool in ("platform-balanced", "tesseract")
    ]
    assert all(each["error"] is None and each["f1"] > 0.9 for each in found), found
    assert all(0.02 < each["cpu_seconds"] < 20 and each["peak_bytes"] > 20_000_000 for each in found)

    second = run([*command, "--json", str(tmp_path / "second.json")])

    assert second.returncode == 0, second.stderr
    assert " of 6" not in second.stderr
    assert readings(tmp_path / "second.json") == found
    assert list((tmp_path / "cache").glob("*.json")) == []  # nothing waits for --resume


def test_an_interrupted_run_goes_on_with_the_same_call(command: list[str], tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    kept = tmp_path / "cache/platform-balanced"
    with subprocess.Popen(
        [*command, "--json", str(out)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        deadline = time.monotonic() + WAIT_SECONDS
        while not (kept.exists() and list(kept.glob("*.json"))):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 130, said
    assert b"--resume" in said
    assert not out.exists()

    resumed = run([sys.executable, "-m", "benchmarks.accuracy", "--resume", "--cache", str(tmp_path / "cache")])

    assert resumed.returncode == 0, resumed.stderr
    assert " of 6:" not in resumed.stderr  # fewer than all were left
    assert len(readings(out)) == 6


def test_a_page_that_the_platform_cannot_read_is_a_failure(command: list[str], tmp_path: Path) -> None:
    page = tmp_path / "pages/letter__2.png"
    page.write_bytes(page.read_bytes()[:2000])

    done = run([*command, "--tools", "platform"])

    assert done.returncode == 1, done.stderr
    assert "FAILED: PageFailed" in done.stderr or "FAILED: DocumentDamaged" in done.stderr
    assert "### Pages that were not read" in done.stdout


def test_a_folder_that_is_not_whole_is_refused(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "pages/list__1.gt.txt").unlink()

    done = run(command)

    assert done.returncode == 2
    assert "lacks the ground truth list__1.gt.txt" in done.stderr

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ocr_platform.sandbox.scratch import Scratch, remove_stale

_OWNER = """
import sys, time
from pathlib import Path
from ocr_platform.sandbox.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
(scratch.path / "page.pgm").write_bytes(b"plaintext")
print(scratch.path, flush=True)
time.sleep(60)
"""


def test_directories_that_are_made_at_once_do_not_sweep_each_other_away(tmp_path: Path) -> None:
    def make(_: int) -> bool:
        scratch = Scratch(tmp_path)
        time.sleep(0.001)
        there = scratch.path.exists()
        scratch.close()
        return there

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(make, range(400)))


def test_directory_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    (scratch.path / "page.pgm").write_bytes(b"plaintext")

    assert scratch.path.parent == tmp_path
    assert scratch.path.stat().st_mode & 0o777 == 0o700
    scratch.close()

    assert list(tmp_path.iterdir()) == []


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)

    scratch.close()
    scratch.close()


def test_directory_of_a_living_owner_is_kept(tmp_path: Path) -> None:
    first, second = Scratch(tmp_path), Scratch(tmp_path)

    assert remove_stale(tmp_path) == 0
    assert first.path.exists()

    first.close()
    assert second.path.exists()
    second.close()


def test_next_one_removes_what_a_killed_owner_left(tmp_path: Path) -> None:
    # Given an owner that was killed in the middle of a page
    with subprocess.Popen([sys.executable, "-c", _OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        left = Path(owner.stdout.readline().strip())
        assert remove_stale(tmp_path) == 0
        owner.send_signal(signal.SIGKILL)
    assert (left / "page.pgm").exists()

    # When
    scratch = Scratch(tmp_path)

    # Then
    assert not left.exists()
    scratch.close()


@pytest.mark.parametrize("name", ["other-directory", "sandbox", "ocr-sandbo"])
def test_what_is_not_ours_by_name_is_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()

    assert remove_stale(tmp_path) == 0
    assert (tmp_path / name).exists()


def test_link_with_our_name_is_not_followed(tmp_path: Path) -> None:
    # Given a trap that somebody laid in a directory that all can write to
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (tmp_path / "ocr-sandbox-trap").symlink_to(precious)

    assert remove_stale(tmp_path) == 0
    assert (precious / "file").exists()


def test_base_that_does_not_exist_has_nothing_stale(tmp_path: Path) -> None:
    assert remove_stale(tmp_path / "nowhere") == 0


def test_no_descriptor_is_left_open(tmp_path: Path, open_descriptors: Callable[[], int]) -> None:
    (tmp_path / "ocr-sandbox-stale").mkdir()
    before = open_descriptors()

    Scratch(tmp_path).close()

    assert open_descriptors() == before

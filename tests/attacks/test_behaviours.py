"""What a hostile decoder does to its worker instead of an answer is a typed result, in time and within bounds."""

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from ocr_platform.models import EngineName
from ocr_platform.sandbox.reader import SandboxReader
from ocr_platform.sandbox.scratch import Scratch
from tests.attacks.behaviours import BEHAVIOURS
from tests.attacks.leftovers import canary
from tests.attacks.support import (
    GRACE_SECONDS,
    LAUNCH,
    MIB,
    NOBODY,
    NOTE,
    PAGE_SECONDS,
    attack,
    group_of,
    note_png,
    open_folder,
    peak_memory,
    read,
    session_of,
)
from tests.conftest import require_services

# A frame of 8 MiB, and what Python makes of the costliest JSON in it: lists without anything in them.
WORKER_BYTES = 320 * MIB
# Beside the page's own time: forking, collecting what ran on, and emptying its directory, on a busy machine.
MARGIN_SECONDS = 4.0

TIMEOUT = {"never_return", "spin", "deaf", "trickle", "long_length", "fill_disk", "dig", "fork_without_end"}
LEGAL = {"flood", "fork_and_answer"}  # the first answer is; what comes after it meets nobody
CODES = {
    **dict.fromkeys(BEHAVIOURS, "decoder_crash"),
    **dict.fromkeys(TIMEOUT, "page_timeout"),
    **dict.fromkeys(LEGAL, None),
    "fill_memory": "page_memory",
}
# What only means something where processes and files can be had, or is cheap.
WITH_COMMAND = [
    *("fork_and_answer", "fill_memory", "fill_memory_in_c", "fill_disk", "dig", "deaf", "flood", "close_and_live"),
    "four_gib",
]


def assert_survived(reader: SandboxReader, folder: Path, name: str) -> None:
    """The attack's result, its time, its cost; then an honest page by the same reader."""
    started = time.monotonic()
    with peak_memory() as risen, reader.load([attack(name)]) as document:
        result = reader.recognise(document, 1, ["eng"])
    took = time.monotonic() - started
    print(f"{name:22} {result.error or 'read':16} {took:6.2f} s, worker +{risen() // MIB} MiB")

    assert result.error == CODES[name]
    assert took < PAGE_SECONDS + GRACE_SECONDS + MARGIN_SECONDS
    assert risen() < WORKER_BYTES
    assert session_of(reader) == []
    assert [list(path.iterdir()) for path in folder.iterdir()] == [[]]
    assert read(reader, note_png()).text.strip() == NOTE


@pytest.mark.parametrize("engine", [EngineName.TESSEROCR], indirect=True)
@pytest.mark.parametrize("name", sorted(BEHAVIOURS.keys()))
def test_what_a_decoder_does_is_a_typed_result_and_the_next_page_is_read(
    name: str, reader: SandboxReader, folder: Path
) -> None:
    assert_survived(reader, folder, name)


@pytest.mark.parametrize("engine", [EngineName.PYTESSERACT], indirect=True)
@pytest.mark.parametrize("name", WITH_COMMAND)
def test_a_decoder_that_may_have_processes_and_files_is_held_too(
    name: str, reader: SandboxReader, folder: Path
) -> None:
    assert_survived(reader, folder, name)


def test_nothing_of_an_attack_runs_on_when_its_document_is_closed(reader: SandboxReader) -> None:
    with reader.load([attack("fork_and_answer")]) as document:
        assert reader.recognise(document, 1, ["eng"]).text == "fine"
        assert reader._keeper.sandbox is not None
        pid = reader._keeper.sandbox.pid
        # With the command's engine there are more of it, which ignore every signal
        assert len(group_of(pid)) == (6 if reader._config.engine is EngineName.PYTESSERACT else 1)

    assert group_of(pid) == []


def test_a_document_finds_nothing_of_the_one_before_in_all_memory_it_can_read(reader: SandboxReader) -> None:
    # The search does find: the document itself, in the sandbox that holds it
    own = read(reader, attack("remember", canary(7)))
    assert int(own.text) >= 1
    assert read(reader, attack("search")).text == "0"
    assert read(reader, note_png()).text.strip() == NOTE


def test_a_recogniser_that_has_something_to_say_needs_no_file_for_it(reader: SandboxReader) -> None:
    # Tesseract says what it takes the resolution for, when the document does not
    body = io.BytesIO()
    with Image.open(io.BytesIO(note_png())) as image:
        Image.frombytes(image.mode, image.size, image.tobytes()).save(body, "PNG")

    result = read(reader, body.getvalue())

    assert (result.error, result.dpi, result.text.strip()) == (None, 0, NOTE)


def test_a_tree_deeper_than_any_path_is_removed_with_the_scratch_directory(tmp_path: Path) -> None:
    # Made like the sandbox would, one step at a time; the worker removes it when the host is gone
    scratch = Scratch(tmp_path)
    folder = os.open(scratch.path, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("folder", 0o700, dir_fd=folder)
        inner = os.open("folder", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.mkdir("nobody may list this", 0o300, dir_fd=folder)
    os.close(folder)

    scratch.close()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes an ordinary user, which only root can")
def test_forking_without_end_is_bounded_for_an_ordinary_user_and_ends_with_its_page() -> None:
    # Root's processes are never counted: there the container's own limit is what bounds them (docker-compose.prod.yml)
    require_services()
    with open_folder() as folder:
        words = [sys.executable, str(LAUNCH), "bomb.py", "a: all", str(NOBODY), EngineName.PYTESSERACT, str(folder)]
        run = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    print(found)

    assert found["error"] == "page_timeout"
    assert found["seconds"] < PAGE_SECONDS + GRACE_SECONDS + MARGIN_SECONDS
    assert 2 < found["most"] <= 32
    assert (found["left"], found["files"]) == (0, [])
    assert found["after"].strip() == NOTE

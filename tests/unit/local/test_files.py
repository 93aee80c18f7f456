from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from ocr_platform.client import Client
from ocr_platform.errors import UsageError
from ocr_platform.local.files import FileRunner, _entries
from ocr_platform.local.stack import LocalStack
from ocr_platform.models import JobState, JobStatus


class Nobody:
    """Stands for a client and a stack that must not be asked for anything."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")


NOBODY = Nobody()


def _runner(out: Path, client: object = NOBODY) -> FileRunner:
    return FileRunner(cast(LocalStack, NOBODY), cast(Client, client), {}, out, lambda *_: None)


@pytest.mark.parametrize(
    "files",
    [
        ["a.pdf", "b.pdf"],
        ["one/a.pdf", "two/a.pdf", "three/a.pdf"],
        ["a.pdf", "a.pdf"],
        ["one/a.pdf", "two/a.pdf", "a.pdf-2"],
        ["a.pdf-2", "one/a.pdf", "two/a.pdf"],
    ],
)
def test_no_two_files_write_the_same_outputs(files: Sequence[str]) -> None:
    entries = list(_entries(files))

    assert [entry.file for entry in entries] == files
    assert len({entry.stem for entry in entries}) == len(files)


def test_directory_for_outputs_is_private(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"

    assert list(_runner(out).run([])) == []
    assert out.stat().st_mode & 0o777 == 0o700


def test_directory_that_cannot_be_made_is_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError):
        list(_runner(tmp_path / "file" / "out").run([]))


class NoJobs(Nobody):
    """A client to which nothing is submitted."""

    def submit(self, source: str, **_: object) -> UUID:
        raise AssertionError(f"submitted {source}")

    def statuses(self, job_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
        assert job_ids == []
        return {}


@pytest.mark.parametrize("name", ["nowhere.pdf", "."])
def test_file_that_cannot_be_read_is_an_outcome_and_not_an_end(tmp_path: Path, name: str) -> None:
    file = str(tmp_path / name)

    (outcome,) = _runner(tmp_path / "out", NoJobs()).run([file])

    assert (outcome.file, outcome.state, outcome.job_id) == (file, JobState.FAILED, None)
    assert outcome.error
    assert outcome.error.code == "source_missing"


@pytest.mark.parametrize("files", [["scan", "scan.pdf"], ["scan.pdf", "scan"], ["a", "a.txt", "a-2.pdf"]])
def test_no_output_has_the_name_of_a_file_that_is_read(files: Sequence[str]) -> None:
    written = {entry.stem + ending for entry in _entries(files) for ending in (".txt", ".json", ".pdf")}

    assert written.isdisjoint(files)
    assert len(written) == 3 * len(files)

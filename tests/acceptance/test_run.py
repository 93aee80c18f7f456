"""`ocr-platform run`: files in, one line a file out, whatever the files are."""

from pathlib import Path

import pytest

from tests.acceptance.helpers import CORPUS, GENERATED, character_error, run, truth_of
from tests.conftest import require_services

FAULTS = {
    "empty.pdf": "source_empty",
    "damaged.pdf": "document_damaged",
    "damaged.png": "document_damaged",
    "damaged.jpg": "document_damaged",
    "damaged.tif": "document_damaged",
    "password.pdf": "password_required",
    "unsupported.docx": "format_unsupported",
    "notes.txt": "format_unsupported",
    "bomb.png": "page_too_large",
    "many-pages.pdf": "too_many_pages",
    "not-there.pdf": "source_missing",
}


@pytest.fixture(autouse=True)
def _services() -> None:
    require_services()


def test_a_batch_of_bad_files_gives_a_code_each_and_harms_no_good_one(tmp_path: Path) -> None:
    good = ["letter.png", "payslip.jpg"]
    names = [good[0], *FAULTS, good[1]]

    ran = run("run", "--json", "--out", tmp_path / "out", *(GENERATED / name for name in names))

    assert ran.code == 1
    assert [Path(line["file"]).name for line in ran.lines] == names
    found = {Path(line["file"]).name: line for line in ran.lines}
    for name, code in FAULTS.items():
        assert found[name]["state"] == "failed", name
        assert found[name]["error"]["code"] == code, name
        assert found[name]["error"]["message"].endswith("."), name
        assert found[name]["outputs"] == {}, name
    for name in good:
        text = Path(found[name]["outputs"]["text"]).read_text(encoding="utf-8")
        assert found[name]["state"] == "succeeded"
        assert character_error(text, truth_of(name)) < 0.02


def test_a_line_has_the_fields_of_the_contract_and_outputs_are_for_the_owner_alone(tmp_path: Path) -> None:
    same_name = tmp_path / "letter.png"
    same_name.write_bytes((GENERATED / "letter.png").read_bytes())

    ran = run("run", "--json", GENERATED / "letter.png", same_name, cwd=tmp_path)

    assert ran.code == 0
    assert ran.err == ""
    for line in ran.lines:
        assert list(line) == [
            "file",
            "job_id",
            "state",
            "error",
            "pages",
            "pages_failed",
            "confidence",
            "seconds",
            "outputs",
        ]
        assert (line["state"], line["error"], line["pages"], line["pages_failed"]) == ("succeeded", None, 1, [])
        assert 80 < line["confidence"] <= 100
        assert line["seconds"] > 0
    paths = [path for line in ran.lines for path in line["outputs"].values()]
    assert len(set(paths)) == 4
    for path in paths:
        assert (tmp_path / path).stat().st_mode & 0o777 == 0o600


def test_people_get_plain_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    ran = run("run", "--out", tmp_path, GENERATED / "letter.png", GENERATED / "notes.txt")

    assert ran.code == 1
    assert "1 page, confidence" in ran.out
    assert "[format_unsupported]" in ran.out
    assert "letter.png: succeeded, 1 of 1 pages" in ran.err


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()

    ran = run("run", GENERATED / "letter.png", environment={"PATH": str(programs)}, cwd=tmp_path)

    assert ran.code == 1
    assert "is not installed; run scripts/bootstrap. [stack_failed]" in ran.err


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not on this machine")
def test_a_real_page_is_read_within_two_percent(tmp_path: Path) -> None:
    page = CORPUS / "ocr/tesseract_test__phototest.tif"

    ran = run("run", "--json", "--out", tmp_path, page, environment={"OMP_THREAD_LIMIT": "1"})

    (line,) = ran.lines
    text = Path(line["outputs"]["text"]).read_text(encoding="utf-8")
    truth = page.with_suffix(".gt.txt").read_text(encoding="utf-8")
    assert character_error(text, truth) < 0.02

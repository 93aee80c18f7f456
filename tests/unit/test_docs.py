"""Documents that say what the code says are held to it."""

import re
from pathlib import Path

import pytest

from ocr_platform.cli import main
from ocr_platform.errors import classes_by_code

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("config/*.md")]


def test_the_page_of_errors_has_every_code_with_its_kind_and_message() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+)[^|]*\| (.+) \|$", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)

    assert {code: (kind, message) for code, kind, message in rows} == {
        code: (str(error.policy), error.default_message) for code, error in classes_by_code().items()
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))

    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


def test_the_architecture_names_files_that_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:ocr_platform|config|tests|scripts)/[\w./]*)`", text)

    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")

    records = {path.name for path in (ROOT / "docs/decisions").glob("0*.md")}
    assert set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", listed)) == records


def test_the_readme_names_commands_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^(?:\.venv/bin/)?ocr-platform ([a-z]+)", text, re.MULTILINE)) <= set(main.commands)
    assert all((ROOT / name).exists() for name in re.findall(r"\bscripts/[a-z]+", text))


def test_no_document_names_a_path_of_this_machine() -> None:
    here = str(ROOT)

    assert [page.name for page in PAGES if here in page.read_text(encoding="utf-8")] == []

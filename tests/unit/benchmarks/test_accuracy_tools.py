from pathlib import Path

import pytest
from PIL import Image

from benchmarks.accuracy import tools
from benchmarks.accuracy.tools import PEERS, TOOLS, Ground, NotInstalled, make
from benchmarks.accuracy.tools.commands import TesseractCommand
from benchmarks.speed import peer_environment
from ocr_platform.models import Quality
from tests.conftest import require_services
from tests.unit.benchmarks.accuracy_support import page


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path, tmp_path, tmp_path / "warm-up")


def test_the_platform_takes_part_once_for_each_quality(ground: Ground) -> None:
    made = [tool.identity for tool in make("platform", [Quality.FAST, Quality.BEST], ground)]

    assert [each.name for each in made] == ["platform-fast", "platform-best"]
    assert [each.options for each in made] == ["OCR_QUALITY=fast", "OCR_QUALITY=best"]
    assert made[0].version == made[1].version
    assert "tesserocr" in made[0].version


def test_every_file_of_the_platform_decides_its_version(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "ocr_platform/deep"
    package.mkdir(parents=True)
    monkeypatch.setattr(tools, "ROOT", tmp_path)
    versions = []
    for name, text in (("a.py", "1"), ("a.py", "2"), ("b.py", ""), ("README.md", "x")):
        (package / name).write_text(text)
        versions.append(make("platform", [Quality.BEST], ground)[0].identity.version)

    assert len(set(versions[:3])) == 3
    assert versions[2] == versions[3]


@pytest.mark.parametrize("name", [name for name in PEERS if name != "tesseract"])
def test_peers_that_are_not_installed_say_what_installs_them(
    name: str, ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_environment, "PEERS", tmp_path / "none")

    with pytest.raises(NotInstalled, match="run scripts/peers"):
        make(name, [], ground)


def test_no_tool_has_the_name_of_another(ground: Ground) -> None:
    assert list(TOOLS) == ["platform", "tesseract", "ocrmypdf", "kreuzberg", "rapidocr"]


def test_a_command_that_fails_is_a_page_not_read(tmp_path: Path) -> None:
    require_services()
    file = tmp_path / "page.png"
    file.write_bytes(b"no picture")

    found = TesseractCommand("5", tmp_path, tmp_path).read(page(tmp_path, "page", ""), file)

    assert found.text == ""
    assert found.error is not None
    assert found.error.startswith("exit code 1: ")


def test_a_command_leaves_nothing_behind(tmp_path: Path) -> None:
    require_services()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    file = tmp_path / "page.png"
    Image.new("L", (40, 40), 255).save(file)

    TesseractCommand("5", tmp_path, scratch).read(page(tmp_path, "page", ""), file)

    assert list(scratch.iterdir()) == []

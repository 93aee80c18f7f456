from pathlib import Path

import pytest

from benchmarks.accuracy.asked import Asked, asked, forget, keep
from ocr_platform.models import Quality


def call(*arguments: str, started: str = "monday") -> Asked:
    return asked(arguments, started)[0]


def test_by_default_everything_is_measured() -> None:
    found = call()

    assert found.tools == ("platform", "tesseract", "ocrmypdf", "kreuzberg", "rapidocr")
    assert found.quality == tuple(Quality)
    assert found.folder.parts[-2:] == ("shared", "corpus")
    assert (found.again, found.pages_per_kind, found.json) == ((), None, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tools", "tesseract,abbyy"], "there is no tool `abbyy`; there are platform, tesseract"),
        (["--quality", "perfect"], "there is no quality `perfect`; there are fast, balanced, best"),
        (["--again", "abbyy"], "there is no tool `abbyy`"),
        (["--pages-per-kind", "0"], "at least 1"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call(*arguments)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_an_interrupted_call_is_taken_up_as_it_was(tmp_path: Path) -> None:
    cache = ["--cache", str(tmp_path)]
    first = call(
        "/data/pages", "--tools", "platform,tesseract", "--quality", "best", "--again", "tesseract",
        "--pages-per-kind", "2", "--out", str(tmp_path / "out"), *cache,
    )  # fmt: skip
    keep(first)

    assert call("--resume", *cache, started="tuesday") == first


def test_relative_paths_mean_what_they_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep(call("pages", "--cache", str(tmp_path)))
    monkeypatch.chdir("/")

    assert call("--resume", "--cache", str(tmp_path)).folder == tmp_path / "pages"


def test_a_call_that_came_to_its_end_is_not_taken_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = call("--cache", str(tmp_path))
    keep(first)
    forget(first)

    with pytest.raises(SystemExit):
        call("--resume", "--cache", str(tmp_path))
    assert "no interrupted run" in capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call("--help")

    said = capsys.readouterr().out
    assert all(words in said for words in ("META.json", "--resume", "scripts/peers", "examples:", "Exit code"))
    assert max(map(len, said.splitlines())) <= 120

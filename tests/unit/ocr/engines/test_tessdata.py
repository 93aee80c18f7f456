"""Models are found where the environment says, or else where the command has them."""

from pathlib import Path

import pytest

from ocr_platform.ocr.engines.tessdata import tessdata_dir


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a model, which nothing leads to; there is no command."""
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    path = tmp_path / "models"
    path.mkdir()
    (path / "eng.traineddata").touch()
    return path


def command(folder: Path, script: str) -> None:
    """A `tesseract` of our own."""
    program = folder / "bin" / "tesseract"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


def test_directory_that_the_environment_names_is_taken(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(models))

    assert tessdata_dir() == models


def test_environment_may_name_the_directory_above(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As Tesseract 3 wanted it
    above = models.parent / "share"
    above.mkdir()
    models.rename(above / "tessdata")
    monkeypatch.setenv("TESSDATA_PREFIX", str(above))

    assert tessdata_dir() == above / "tessdata"


@pytest.mark.parametrize("prefix", ["nowhere", "empty"])
def test_environment_that_names_no_models_has_none_and_the_command_is_not_asked(
    models: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a command that would know better: an operator's word counts
    command(models.parent, f'echo "List of available languages in \\"{models}\\" (1):"')
    (models.parent / "empty").mkdir()
    monkeypatch.setenv("TESSDATA_PREFIX", str(models.parent / prefix))

    assert tessdata_dir() is None


@pytest.mark.parametrize("stream", ["1", "2"])
def test_command_is_asked_where_its_models_are(models: Path, stream: str) -> None:
    command(
        models.parent, f'echo "List of available languages in \\"{models}/\\" (1):" >&{stream}; echo eng >&{stream}'
    )

    assert tessdata_dir() == models


@pytest.mark.parametrize(
    "script",
    ["exit 1", "kill -9 $$", ":", "echo nonsense", "printf '\\377\\376'", 'echo "List in \\"/nowhere\\" (0):"'],
)
def test_command_that_does_not_say_is_no_error(models: Path, script: str) -> None:
    command(models.parent, script)

    assert tessdata_dir() is None


def test_without_a_command_there_are_none(models: Path) -> None:
    assert models.exists()
    assert tessdata_dir() is None


def test_command_that_hangs_is_not_waited_for(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocr_platform.ocr.engines.tessdata._SECONDS", 0.2)
    command(models.parent, "exec /bin/sleep 60")

    assert tessdata_dir() is None

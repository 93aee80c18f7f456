"""The engine that was asked for, or the fastest that is installed."""

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from ocr_platform.errors import EngineMissing
from ocr_platform.models import EngineName
from ocr_platform.ocr.engines.choice import make_engine


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Models that the environment leads to; no command."""
    (tmp_path / "eng.traineddata").touch()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def without_tesserocr(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec

    def find(name: str) -> ModuleSpec | None:
        return None if name == "tesserocr" else found(name)

    monkeypatch.setattr("ocr_platform.ocr.engines.choice.find_spec", find)


def chosen(wanted: EngineName, scratch: Path) -> EngineName:
    return make_engine(wanted, scratch, 0).name


@pytest.mark.parametrize("wanted", [EngineName.AUTO, EngineName.TESSEROCR])
def test_library_is_the_fastest(wanted: EngineName, models: Path) -> None:
    assert chosen(wanted, models) is EngineName.TESSEROCR


def test_command_is_taken_when_it_is_asked_for(models: Path) -> None:
    assert chosen(EngineName.PYTESSERACT, models) is EngineName.PYTESSERACT


def test_command_is_taken_where_there_is_no_library(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_tesserocr(monkeypatch)

    assert chosen(EngineName.AUTO, models) is EngineName.PYTESSERACT


def test_command_is_taken_where_no_models_are_found_for_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It may still know where its own are
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))

    assert chosen(EngineName.AUTO, tmp_path) is EngineName.PYTESSERACT


def test_library_that_is_insisted_on_and_not_there_is_a_missing_engine(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_tesserocr(monkeypatch)

    with pytest.raises(EngineMissing):
        make_engine(EngineName.TESSEROCR, models, 0)


def test_library_that_is_insisted_on_and_has_no_models_is_a_missing_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))

    with pytest.raises(EngineMissing):
        make_engine(EngineName.TESSEROCR, tmp_path, 0)

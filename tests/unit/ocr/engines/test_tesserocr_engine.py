"""Models in memory: those that were used last stay, within a budget. What the engine reads: `test_contract`."""

from pathlib import Path

import pytest
from tesserocr import OEM, PSM

from ocr_platform.errors import RecognitionFailed
from ocr_platform.ocr.engines import tesserocr_engine
from ocr_platform.ocr.engines.tesserocr_engine import TesserocrEngine

MIB = 1024 * 1024


class Api:
    """Stands for a loaded set of models of 10 MiB."""

    loaded: list[str]
    ended: list[str]

    def __init__(self, path: str, lang: str, psm: int, oem: int) -> None:
        assert path
        assert (psm, oem) == (PSM.AUTO, OEM.DEFAULT)
        if lang == "broken":
            raise RuntimeError("Failed to init API")
        self._lang = lang
        self.loaded.append(lang)

    def End(self) -> None:  # noqa: N802  tesserocr's name
        self.ended.append(self._lang)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> type[Api]:
    Api.loaded, Api.ended = [], []
    monkeypatch.setattr(tesserocr_engine, "PyTessBaseAPI", Api)
    monkeypatch.setattr(tesserocr_engine, "_resident_bytes", lambda: 10 * MIB * len(Api.loaded))
    return Api


def test_models_are_loaded_once(api: type[Api], tmp_path: Path) -> None:
    engine = TesserocrEngine(tmp_path, 100 * MIB)

    for languages in ("eng", "eng+deu", "eng"):
        engine.prepare(languages)

    assert api.loaded == ["eng", "eng+deu"]
    assert api.ended == []


def test_those_that_were_not_used_for_longest_make_room(api: type[Api], tmp_path: Path) -> None:
    # Given room for two sets
    engine = TesserocrEngine(tmp_path, 20 * MIB)

    for languages in ("eng", "deu", "eng", "fra"):
        engine.prepare(languages)

    assert api.ended == ["deu"]
    engine.prepare("deu")
    assert api.ended == ["deu", "eng"]


def test_set_in_use_stays_however_little_room_there_is(api: type[Api], tmp_path: Path) -> None:
    engine = TesserocrEngine(tmp_path, 0)

    engine.prepare("eng")
    assert api.ended == []

    engine.prepare("deu")
    assert api.ended == ["eng"]


def test_models_that_do_not_load_take_no_room(api: type[Api], tmp_path: Path) -> None:
    (tmp_path / "broken.traineddata").touch()
    engine = TesserocrEngine(tmp_path, 20 * MIB)
    engine.prepare("eng")

    with pytest.raises(RecognitionFailed):
        engine.prepare("broken")
    engine.prepare("deu")

    assert api.ended == []

"""Models in memory: those that were used last stay, within a budget. What the engine reads: `test_contract`."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from tesserocr import OEM, PSM, PyTessBaseAPI

from ocr_platform.errors import RecognitionFailed
from ocr_platform.ocr.engines import tesserocr_engine
from ocr_platform.ocr.engines.tessdata import tessdata_dir
from ocr_platform.ocr.engines.tesserocr_engine import TesserocrEngine, set_image
from ocr_platform.ocr.pages import PageImage
from tests.data import scan_page
from tests.data.pages import black_and_white
from tests.data.texts import LETTER

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


def test_page_that_was_cleared_takes_no_memory() -> None:
    # Given a page of 64 megapixels that was read
    engine = TesserocrEngine(Path(str(tessdata_dir())), 0)
    engine.recognise(PageImage(scan_page(LETTER[0], dpi=100), 100), "eng", 60.0)
    before = tesserocr_engine._resident_bytes()
    engine.recognise(PageImage(Image.new("L", (8000, 8000), 255), 300), "eng", 60.0)
    held = tesserocr_engine._resident_bytes()

    engine.clear()

    assert held - tesserocr_engine._resident_bytes() > 50 * MIB
    assert tesserocr_engine._resident_bytes() - before < 20 * MIB


@pytest.fixture(scope="module")
def illustrated() -> Image.Image:
    """A letter with a rule across and two photographs beside each other, in a row with nothing else."""
    page = scan_page(LETTER[0], dpi=200)
    drawing = ImageDraw.Draw(page)
    drawing.line((60, 40, page.width - 60, 40), fill=0, width=6)
    photograph = Image.effect_noise((500, 420), 90)
    for left in (120, 900):
        page.paste(photograph, (left, page.height - 520))
    return page


@pytest.mark.parametrize("bilevel", [False, True])
@pytest.mark.parametrize("dpi", [0, 200])
def test_text_and_words_are_those_of_the_librarys_own_slower_calls(
    illustrated: Image.Image, *, bilevel: bool, dpi: int
) -> None:
    image = black_and_white(illustrated) if bilevel else illustrated
    with PyTessBaseAPI(path=str(tessdata_dir()), lang="eng", psm=PSM.AUTO) as library:
        # Given the library's own answers for the image as Pillow's PNG would give it
        library.SetImage(image)
        if dpi:
            library.SetSourceResolution(dpi)
        library.Recognize()
        text, table = library.GetUTF8Text(), library.GetTSVText(0)

    engine = TesserocrEngine(Path(str(tessdata_dir())), 0)
    found = engine.recognise(PageImage(image, dpi), "eng", 60.0)

    assert found.text.rstrip("\n") == text.rstrip("\n")
    assert len(found.words) > 150
    assert [
        (word.block, word.paragraph, word.line, word.left, word.top, word.width, word.height, word.text)
        for word in found.words
    ] == rows_of_words(table)


def rows_of_words(table: str) -> list[tuple[object, ...]]:
    cells = [row.split("\t") for row in table.split("\n")]
    return [(*map(int, (*row[2:5], *row[6:10])), row[11]) for row in cells if row[0] == "5" and row[11].strip()]


@pytest.mark.parametrize("mode", ["L", "1"])
@pytest.mark.parametrize("width", [1, 31, 32, 33, 640])
def test_pixels_arrive_as_they_are(mode: str, width: int) -> None:
    # A bitmap counts from the bottom, pads its rows to four bytes and has a palette: any of it could turn a page over
    image = Image.linear_gradient("L").resize((width, 97)).convert(mode)
    image.paste(0, (0, 0, width, 5))
    with PyTessBaseAPI(path=str(tessdata_dir()), lang="eng") as library:
        set_image(library, PageImage(image, 300))
        arrived = library.GetThresholdedImage().convert("L")

    assert arrived.size == image.size
    if mode == "1":
        assert arrived.tobytes() == image.convert("L").tobytes()
    assert set(arrived.crop((0, 0, width, 5)).tobytes()) == {0}
    assert arrived.getpixel((0, 96)) == 255

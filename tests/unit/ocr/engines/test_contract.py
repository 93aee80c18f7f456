"""What every engine promises, with the real libraries and models."""

import shutil
import subprocess
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr_platform.errors import EngineMissing, PageTimeout, RecognitionFailed
from ocr_platform.models import EngineName, Word
from ocr_platform.ocr.engines import AS_USUAL, Manner, OcrEngine, Segmentation
from ocr_platform.ocr.engines.choice import make_engine
from ocr_platform.ocr.engines.tessdata import tessdata_dir
from ocr_platform.ocr.pages import PageImage
from tests.data import scan_page
from tests.data.pages import black_and_white
from tests.data.texts import LETTER
from tests.unit.support import forks, true_in_child

MIB = 1024 * 1024
NOTE = "Call the museum about the boxes in the cellar.\nBring the labels and the long list.\nLock the door."
ENGINES = (EngineName.TESSEROCR, EngineName.PYTESSERACT)

pytestmark = pytest.mark.skipif(not shutil.which("tesseract"), reason="Tesseract is not installed")


@pytest.fixture(scope="module")
def models() -> Path:
    found = tessdata_dir()
    assert found is not None
    return found


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    path = tmp_path / "scratch"
    path.mkdir()
    return path


@pytest.fixture(params=ENGINES)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> EngineName:
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
    return EngineName(request.param)


@pytest.fixture
def engine(name: EngineName, models: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> OcrEngine:
    monkeypatch.setenv("TESSDATA_PREFIX", str(models))
    return make_engine(name, scratch, 256 * MIB)


@pytest.fixture(scope="module")
def note() -> PageImage:
    return PageImage(scan_page(NOTE, dpi=100, skew=0, noise=0.02), 100)


@pytest.fixture(scope="module")
def letter() -> PageImage:
    return PageImage(scan_page(LETTER[0], dpi=200), 200)


def text_of(engine: OcrEngine, page: PageImage, languages: str = "eng") -> str:
    engine.prepare(languages)
    return engine.recognise(page, languages, 60.0).text


def test_it_is_the_one_that_was_asked_for(engine: OcrEngine, name: EngineName) -> None:
    assert engine.name is name
    assert (engine.command() is None) == (name is EngineName.TESSEROCR)


def test_installed_models_are_known(engine: OcrEngine, models: Path) -> None:
    assert engine.languages() == {path.stem for path in models.glob("*.traineddata")}
    assert "eng" in engine.languages()


def test_page_is_read_and_words_are_those_of_the_text(engine: OcrEngine, note: PageImage) -> None:
    engine.prepare("eng")

    found = engine.recognise(note, "eng", 60.0)

    assert found.text.strip() == NOTE
    assert [word.text for word in found.words] == NOTE.split()


def test_words_lie_inside_the_page_and_are_as_sure_as_percent(engine: OcrEngine, letter: PageImage) -> None:
    engine.prepare("eng")

    found = engine.recognise(letter, "eng", 60.0)

    assert len(found.words) > 150
    for word in found.words:
        assert 0 <= word.left < word.left + word.width <= letter.image.width
        assert 0 <= word.top < word.top + word.height <= letter.image.height
        assert 0 <= word.confidence <= 100
        assert word.text.strip() == word.text != ""


def test_words_at_the_very_edge_are_cut_to_the_page(engine: OcrEngine, note: PageImage) -> None:
    # Given a page that ends in the middle of its words
    left, top = 100, 100
    cut = PageImage(note.image.crop((left, top, left + 150, top + 45)), 100)
    engine.prepare("eng")

    for word in engine.recognise(cut, "eng", 60.0).words:
        assert 0 <= word.left <= word.left + word.width <= 150
        assert 0 <= word.top <= word.top + word.height <= 45


def test_blocks_paragraphs_and_lines_are_counted_from_one(engine: OcrEngine, letter: PageImage) -> None:
    engine.prepare("eng")

    places = [(word.block, word.paragraph, word.line) for word in engine.recognise(letter, "eng", 60.0).words]

    assert places[0] == (1, 1, 1)
    assert places == sorted(places)
    assert places[-1][0] > 1
    for (block, paragraph, line), following in pairwise(places):
        # One line further in the paragraph, or the first of the next paragraph, or of the next block
        onward = {(block, paragraph, line), (block, paragraph, line + 1), (block, paragraph + 1, 1), (block + 1, 1, 1)}
        assert following in onward


def test_it_reads_what_the_command_reads(
    engine: OcrEngine, name: EngineName, letter: PageImage, tmp_path: Path
) -> None:
    text, words = said_by_the_command(letter, tmp_path)
    engine.prepare("eng")

    found = engine.recognise(letter, "eng", 60.0)

    if name is EngineName.PYTESSERACT:
        assert (found.text, list(found.words)) == (text, words)
        return
    # Its library may be of another version than the command: nearly all is the same, and all in the same places
    same = [word.text for word in found.words if word.text in {said.text for said in words}]
    assert len(same) / len(words) > 0.97
    assert {(word.block, word.paragraph, word.line) for word in found.words} == {
        (word.block, word.paragraph, word.line) for word in words
    }


def said_by_the_command(page: PageImage, folder: Path) -> tuple[str, list[Word]]:
    page.image.save(folder / "page.png")
    command = ["tesseract", str(folder / "page.png"), str(folder / "out"), "-l", "eng", "--dpi", str(page.dpi)]
    subprocess.run([*command, "txt", "tsv"], check=True, capture_output=True)
    words = []
    for row in (folder / "out.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        level, _page, *numbers, confidence, text = row.split("\t")
        if level == "5" and text.strip():
            block, paragraph, line, _word, *box = map(int, numbers)
            left, top, width, height = box
            words.append(Word(text, left, top, width, height, float(confidence), block, paragraph, line))
    return (folder / "out.txt").read_text(encoding="utf-8").removesuffix("\f"), words


def test_black_and_white_page_is_read_as_it_is(engine: OcrEngine, letter: PageImage) -> None:
    fax = PageImage(black_and_white(letter.image), letter.dpi)
    assert fax.image.mode == "1"

    said, grey = text_of(engine, fax).split(), text_of(engine, letter).split()

    assert len(set(said) & set(grey)) / len(set(grey)) > 0.97


@pytest.mark.parametrize("width", [1, 7, 8, 9, 1239, 1240, 1241])
def test_black_and_white_page_of_any_width_is_not_sheared(engine: OcrEngine, letter: PageImage, width: int) -> None:
    # A row is padded to whole bytes: counted wrongly, each row would be shifted against the one above
    fax = PageImage(black_and_white(letter.image.crop((0, 0, width, 600))), letter.dpi)

    text = text_of(engine, fax)

    assert ("Brackenfield" in text) == (width > 1000)


# One pixel of one bit is left out: the command takes a file of less than 12 bytes for a broken one.
@pytest.mark.parametrize(
    ("mode", "size"),
    [("L", (1, 1)), ("L", (3, 400)), ("L", (200, 200)), ("1", (5, 5)), ("1", (3, 400)), ("1", (200, 200))],
)
def test_blank_page_has_no_text_and_no_words(engine: OcrEngine, mode: str, size: tuple[int, int]) -> None:
    engine.prepare("eng")

    found = engine.recognise(PageImage(Image.new(mode, size, 255), 300), "eng", 60.0)

    assert found.text.strip() == ""
    assert found.words == ()


def test_resolution_that_is_not_known_is_estimated(engine: OcrEngine, note: PageImage) -> None:
    assert text_of(engine, PageImage(note.image, 0)).strip() == NOTE


def test_resolution_of_one_page_is_not_kept_for_the_next(engine: OcrEngine, letter: PageImage) -> None:
    unknown = PageImage(letter.image, 0)
    alone = text_of(engine, unknown)
    text_of(engine, PageImage(letter.image, 2400))

    assert text_of(engine, unknown) == alone


@pytest.fixture(scope="module")
def two_columns() -> PageImage:
    page = Image.new("L", (1200, 500), 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(26)
    for line, name in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")):
        draw.text((60, 40 + 45 * line), f"left and {name} left", 0, font)
        draw.text((720, 40 + 45 * line), f"right of the {name} column", 0, font)
    return PageImage(page, 150)


def test_page_is_taken_for_what_the_manner_says(engine: OcrEngine, two_columns: PageImage) -> None:
    engine.prepare("eng")

    def first_line(manner: Manner) -> str:
        return engine.recognise(two_columns, "eng", 60.0, manner).text.strip().partition("\n")[0]

    # As one block lines go across, by themselves columns are read one after the other
    assert "right" in first_line(Manner(Segmentation.BLOCK))
    assert "right" not in first_line(AS_USUAL)


def test_manner_of_one_page_is_not_kept_for_the_next(engine: OcrEngine, two_columns: PageImage) -> None:
    before = text_of(engine, two_columns)
    engine.recognise(two_columns, "eng", 60.0, Manner(Segmentation.SPARSE, inverse=False))

    assert text_of(engine, two_columns) == before


def test_white_lines_on_black_are_read_when_they_are_asked_for(engine: OcrEngine, note: PageImage) -> None:
    page = note.image.copy()
    page.paste(20, (60, 20, page.width - 60, 60))
    draw = ImageDraw.Draw(page)
    draw.text((100, 26), "Hospital pharmacy department", 250, ImageFont.load_default(18))
    engine.prepare("eng")

    found = {
        inverse: engine.recognise(PageImage(page, 100), "eng", 60.0, Manner(inverse=inverse)).text
        for inverse in (True, False)
    }

    assert "pharmacy" in found[True]
    assert "cellar" in found[True]
    assert "cellar" in found[False]


def test_several_languages_are_read_together_and_one_after_the_other(engine: OcrEngine, note: PageImage) -> None:
    if not {"deu", "eng"} <= engine.languages():
        pytest.skip("no German model")

    for languages in ("eng+deu", "deu", "eng"):
        assert "museum" in text_of(engine, note, languages)


@pytest.mark.parametrize("cleared", [False, True])
def test_pages_do_not_depend_on_those_before(
    engine: OcrEngine, note: PageImage, letter: PageImage, *, cleared: bool
) -> None:
    first = []
    for page in (note, letter, letter, note):
        first.append(text_of(engine, page))
        if cleared:
            engine.clear()

    assert first[2:] == first[1::-1]


def test_page_that_takes_too_long_is_a_timeout_and_the_next_is_read(engine: OcrEngine, note: PageImage) -> None:
    engine.prepare("eng")
    dense = PageImage(scan_page(LETTER[0], dpi=300, noise=0.3), 300)
    started = time.monotonic()

    with pytest.raises(PageTimeout):
        engine.recognise(dense, "eng", 0.1)

    assert time.monotonic() - started < 5
    assert text_of(engine, note).strip() == NOTE


def test_model_that_is_not_installed_is_a_refusal(engine: OcrEngine, note: PageImage) -> None:
    with pytest.raises(RecognitionFailed):
        text_of(engine, note, "xyz")

    assert text_of(engine, note).strip() == NOTE


def test_model_that_is_broken_is_a_refusal(
    name: EngineName, note: PageImage, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "eng.traineddata").write_bytes(b"no model" * 1000)
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))

    engine = make_engine(name, scratch, 256 * MIB)

    assert engine.languages() == {"eng"}
    with pytest.raises(RecognitionFailed):
        text_of(engine, note)


def test_no_model_at_all_is_a_missing_engine(
    name: EngineName, models: Path, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given models that were there when the engine was chosen, and are not any more
    own = tmp_path / "own"
    own.mkdir()
    (own / "eng.traineddata").symlink_to(models / "eng.traineddata")
    monkeypatch.setenv("TESSDATA_PREFIX", str(own))
    engine = make_engine(name, scratch, 256 * MIB)
    (own / "eng.traineddata").unlink()

    with pytest.raises(EngineMissing):
        engine.languages()
    with pytest.raises(EngineMissing):
        engine.prepare("eng")


@forks
def test_models_that_were_loaded_before_a_fork_are_used_after_it(engine: OcrEngine, note: PageImage) -> None:
    engine.prepare("eng")

    def reads() -> bool:
        return engine.recognise(note, "eng", 60.0).text.strip() == NOTE

    assert [true_in_child(reads) for _ in range(3)] == [True] * 3
    assert reads()


def test_nothing_stays_in_the_scratch_directory_and_no_descriptor_stays_open(
    engine: OcrEngine, note: PageImage, scratch: Path, open_descriptors: Callable[[], int]
) -> None:
    text_of(engine, note)
    before = open_descriptors()

    text_of(engine, note)

    assert open_descriptors() == before
    assert list(scratch.iterdir()) == []

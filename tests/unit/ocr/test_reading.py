"""Which pages are recognised, as a whole or in part, and which are not."""

import time
from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr_platform.errors import PageTooLarge
from ocr_platform.models import EngineName, OcrMode, PageResult, Reading, Word, WordSource
from ocr_platform.ocr import layered, pdf_text
from ocr_platform.ocr.engines import AS_USUAL, Command, Manner, Recognition
from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.reading import read_page
from tests.data.born_digital import Page, picture, shuffled, text
from tests.data.pages import scan_page
from tests.unit.ocr.pdfs import LINES, opened

ALL = picture("I1", 0, 0, 595, 842)
A4 = 1.4  # height to width
SCAN = scan_page("\n".join(LINES), dpi=72, noise=0)


class Recogniser:
    """Implements `OcrEngine`; sees the same words in every picture."""

    name = EngineName.AUTO

    def __init__(self, *words: str) -> None:
        self.words = words or ("seen",)
        self.sizes: list[tuple[int, int]] = []

    def command(self) -> Command | None:
        return None

    def languages(self) -> frozenset[str]:
        return frozenset({"eng"})

    def prepare(self, languages: str) -> None:
        raise AssertionError(languages)

    def recognise(self, page: PageImage, languages: str, timeout: float, manner: Manner = AS_USUAL) -> Recognition:
        assert isinstance(manner, Manner)
        assert languages == "eng"
        assert timeout > 0
        self.sizes.append(page.image.size)
        found = tuple(Word(word, 10 + 50 * n, 2, 40, 10, 80.0, 1, 1, 1) for n, word in enumerate(self.words))
        return Recognition(" ".join(self.words) + "\n\n", found)

    def clear(self) -> None:
        """Nothing is kept."""


@pytest.fixture(autouse=True)
def _nothing_was_seen() -> Iterator[None]:
    layered._seen.clear()
    yield
    layered._seen.clear()


def shapes(engine: Recogniser) -> list[float]:
    """Height to width of what was recognised: a page of large letters comes reduced."""
    return [round(height / width, 1) for width, height in engine.sizes]


def _read(page: Page, engine: Recogniser, mode: OcrMode = OcrMode.AUTO) -> PageResult:
    return read_page(opened(page), 1, Reading(mode), engine, "eng", time.monotonic() + 60)


def _lettered(word: str) -> Image.Image:
    image = Image.new("L", (400, 100), 255)
    ImageDraw.Draw(image).text((20, 20), word, 0, ImageFont.load_default(50))
    return image


def test_a_sound_page_is_taken_as_it_is_and_never_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Recogniser()
    monkeypatch.setattr("ocr_platform.ocr.pdf.PdfPages._drawn", None)

    found = _read(Page(text(LINES)), engine)

    assert engine.sizes == []
    assert found.text == "\n".join(LINES) + "\n\n"
    assert found.confidence == 99
    assert found.languages == ()
    assert not found.blank


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(Page(ALL, images=[SCAN]), id="a scan"),
        pytest.param(Page(ALL + text(LINES, mode=3), images=[SCAN]), id="with an earlier recognition"),
        pytest.param(Page(text(LINES) + ALL, images=[SCAN]), id="over text"),
        pytest.param(Page(text(LINES, font="Private")), id="unmapped"),
        pytest.param(Page(text(LINES, font="Shuffled")), id="mixed up"),
    ],
)
def test_a_page_whose_text_is_not_what_it_shows_is_recognised(page: Page) -> None:
    engine = Recogniser()

    found = _read(page, engine)

    assert shapes(engine) == [A4]
    assert [(word.text, word.source) for word in found.words] == [("seen", WordSource.OCR)]
    assert found.text == "seen\n\n"
    assert found.languages == ("eng",)


def test_strange_words_that_the_page_shows_are_kept() -> None:
    strange = shuffled(" ".join(LINES)).split()
    lines = [shuffled(line) for line in LINES]

    found = _read(Page(text(lines)), Recogniser(*strange))

    assert [word.text for word in found.words if word.source is WordSource.TEXT] == strange
    assert {word.confidence for word in found.words if word.source is WordSource.TEXT} == {99.0}


def test_a_picture_on_a_page_of_text_is_recognised_by_itself_and_read_in_its_place() -> None:
    content = text(LINES[:2]) + picture("I1", 72, 600, 200, 50) + text(LINES[2:], top=570)
    engine = Recogniser("drawn", "here")

    found = _read(Page(content, images=[_lettered("drawn here")]), engine)

    assert engine.sizes == [(834, 209)]  # 200 by 50 points at 300 dpi
    lines = [line for line in found.text.split("\n") if line]
    assert lines == [*LINES[:2], "drawn here", *LINES[2:]]
    (word,) = [word for word in found.words if word.text == "drawn"]
    assert (word.left, word.top, word.source) == (310, 802, WordSource.OCR)


def test_a_letterhead_that_comes_again_is_recognised_once() -> None:
    page = Page(text(LINES) + picture("I1", 72, 600, 200, 50), images=[_lettered("Clinic")])
    pages, engine = opened(page, page), Recogniser()

    found = [read_page(pages, number, Reading(), engine, "eng", time.monotonic() + 60) for number in (1, 2)]

    assert len(engine.sizes) == 1
    assert [word.text for word in found[1].words].count("seen") == 1


def test_a_picture_without_anything_on_it_costs_no_recognition() -> None:
    engine = Recogniser()

    _read(Page(text(LINES) + picture("I1", 72, 600, 200, 50), images=[Image.new("L", (200, 50), 230)]), engine)

    assert engine.sizes == []


def test_text_over_a_picture_of_the_page_is_kept_and_what_else_is_seen_added() -> None:
    engine = Recogniser()

    found = _read(Page(ALL + text(LINES), images=[SCAN]), engine)

    assert shapes(engine) == [A4]
    assert [word.text for word in found.words] == ["seen", *" ".join(LINES).split()]


def test_force_recognises_what_could_be_taken_and_what_is_blank() -> None:
    engine = Recogniser()

    for page in (Page(text(LINES)), Page(b"")):
        found = _read(page, engine, OcrMode.FORCE)
        assert [word.text for word in found.words] == ["seen"]
    assert len(engine.sizes) == 2


@pytest.mark.parametrize(
    ("page", "words", "sure"),
    [
        pytest.param(Page(text(LINES)), True, 99, id="sound"),
        pytest.param(Page(ALL + text(LINES, mode=3), images=[SCAN]), True, 60, id="an earlier recognition"),
        pytest.param(Page(text(LINES, font="Shuffled")), True, 20, id="mixed up"),
        pytest.param(Page(text(LINES, font="Private")), True, 5, id="unmapped"),
        pytest.param(Page(ALL, images=[SCAN]), False, 0, id="a scan"),
        pytest.param(Page(text(LINES) + picture("I1", 72, 600, 200, 50), images=[SCAN]), True, 99, id="with a picture"),
    ],
)
def test_skip_gives_what_the_page_has_and_says_how_far_to_believe_it(page: Page, words: bool, sure: float) -> None:
    engine = Recogniser()

    found = _read(page, engine, OcrMode.SKIP)

    assert engine.sizes == []
    assert bool(found.words) is words
    assert found.confidence == pytest.approx(sure)
    assert (found.width, found.height, found.blank) == (2480, 3509, False)


def test_skip_reads_nothing_in_an_image_file() -> None:
    class Scan:
        def count(self) -> int:
            return 1

        def render(self, number: int) -> PageImage:
            assert number == 1
            return PageImage(SCAN, 72)

    engine, pages = Recogniser(), Scan()

    found = read_page(pages, 1, Reading(OcrMode.SKIP), engine, "eng", time.monotonic() + 60)

    assert engine.sizes == []
    assert (found.width, found.text, found.blank) == (SCAN.width, "", False)


@pytest.mark.parametrize("mode", [OcrMode.AUTO, OcrMode.SKIP])
@pytest.mark.parametrize(
    "page", [Page(b""), Page(ALL, images=[Image.new("L", (300, 400), 240)])], ids=["without content", "a scan"]
)
def test_a_blank_page_says_so_and_costs_nothing(page: Page, mode: OcrMode) -> None:
    engine = Recogniser()

    found = _read(page, engine, mode)

    assert engine.sizes == []
    assert (found.text, found.words, found.error) == ("", (), None)
    assert (found.width, found.height, found.dpi) == (2480, 3509, 300)
    assert found.blank or (mode is OcrMode.SKIP and page.content)


def test_a_page_with_far_too_many_characters_is_recognised_or_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocr_platform.ocr.trust.MAX_CHARACTERS", 100)
    monkeypatch.setattr(pdf_text, "MAX_CHARACTERS", 100)
    engine = Recogniser()

    assert [word.text for word in _read(Page(text(LINES)), engine).words] == ["seen"]
    with pytest.raises(PageTooLarge):
        _read(Page(text(LINES)), engine, OcrMode.SKIP)

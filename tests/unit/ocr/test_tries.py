"""When a page is read again, which reading is taken, and that a failure of a later one costs nothing."""

import time
from collections.abc import Callable

import pytest
from PIL import Image

from ocr_platform.errors import PageTimeout, RecognitionFailed
from ocr_platform.models import EngineName, Quality, Word
from ocr_platform.ocr.engines import AS_USUAL, Command, Manner, Recognition, Segmentation
from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.tries import read_in_tries
from tests.data import scan_page
from tests.data.texts import LETTER

SPARSE, BLOCK, COLUMN, AUTO = Segmentation.SPARSE, Segmentation.BLOCK, Segmentation.COLUMN, Segmentation.AUTO


def reading(sure: int, unsure: int, name: str = "") -> Recognition:
    """So many words of five letters, by their confidence."""
    words = [Word("sure!", 10, 10, 30, 10, 95.0, 1, 1, 1)] * sure + [
        Word("doubt", 10, 10, 30, 10, 40.0, 1, 1, 1)
    ] * unsure
    return Recognition(name, tuple(words))


class ScriptedEngine:
    """Implements `OcrEngine`: gives what `said` says of a page and a manner, and notes what it was asked."""

    name = EngineName.TESSEROCR

    def __init__(self, said: Callable[[PageImage, Manner], Recognition]) -> None:
        self._said = said
        self.asked: list[tuple[PageImage, Manner]] = []

    def command(self) -> Command | None:
        return None

    def languages(self) -> frozenset[str]:
        return frozenset({"eng"})

    def prepare(self, languages: str) -> None:
        """Nothing to load."""

    def recognise(self, page: PageImage, languages: str, timeout: float, manner: Manner = AS_USUAL) -> Recognition:
        assert languages == "eng"
        assert timeout > 0
        self.asked.append((page, manner))
        return self._said(page, manner)

    def clear(self) -> None:
        """Nothing is left."""


@pytest.fixture(scope="module")
def letter() -> PageImage:
    return PageImage(scan_page(LETTER[0], dpi=150, skew=0), 150)


def read(engine: ScriptedEngine, page: PageImage, quality: Quality, seconds: float = 60.0) -> str:
    return read_in_tries(page, "eng", quality, engine, time.monotonic() + seconds).recognition.text


def by_segmentation(**said: Recognition) -> ScriptedEngine:
    return ScriptedEngine(lambda _page, manner: said.get(manner.segmentation.name, reading(0, 100, "nothing")))


@pytest.mark.parametrize("quality", Quality)
def test_sure_page_is_read_once_as_one_column_and_without_inverse_lines(letter: PageImage, quality: Quality) -> None:
    engine = by_segmentation(COLUMN=reading(90, 10, "first"))

    assert read(engine, letter, quality) == "first"
    assert [(page.image is letter.image, manner) for page, manner in engine.asked] == [
        (True, Manner(COLUMN, inverse=False))
    ]


@pytest.mark.parametrize(("quality", "tries"), [(Quality.FAST, 1), (Quality.BALANCED, 2), (Quality.BEST, 4)])
def test_unsure_page_is_read_again_within_the_budget_of_its_quality(
    letter: PageImage, quality: Quality, tries: int
) -> None:
    engine = by_segmentation(COLUMN=reading(60, 40, "first"))

    assert read(engine, letter, quality) == "first"
    assert len(engine.asked) == tries


def test_better_reading_is_taken_and_ends_the_tries(letter: PageImage) -> None:
    engine = by_segmentation(COLUMN=reading(60, 40, "first"), BLOCK=reading(90, 10, "block"))

    assert read(engine, letter, Quality.BEST) == "block"
    assert [manner.segmentation for _page, manner in engine.asked] == [COLUMN, BLOCK]


@pytest.mark.parametrize(
    ("other", "taken"),
    [
        (reading(60, 39), False),  # hardly better
        (reading(62, 38), True),
        (reading(30, 0), True),  # less, and all of it sure
        (reading(10, 0), False),  # far less
        (reading(80, 70), False),  # more, and most of that unsure
        (reading(0, 0), False),
    ],
)
def test_reading_is_better_where_more_is_sure_and_no_more_is_unsure(
    letter: PageImage, other: Recognition, *, taken: bool
) -> None:
    other = Recognition("block", other.words)
    engine = by_segmentation(COLUMN=reading(60, 40, "first"), BLOCK=other)

    assert read(engine, letter, Quality.BALANCED) == ("block" if taken else "first")


def test_words_in_no_order_have_to_be_much_better(letter: PageImage) -> None:
    black_and_white = PageImage(letter.image.convert("1", dither=Image.Dither.NONE), 150)
    for sure, taken in ((64, False), (80, True)):
        engine = by_segmentation(COLUMN=reading(60, 40, "first"), SPARSE=reading(sure, 100 - sure, "sparse"))

        assert read(engine, black_and_white, Quality.BEST) == ("sparse" if taken else "first")
        assert SPARSE in {manner.segmentation for _page, manner in engine.asked}


@pytest.mark.parametrize("fault", [PageTimeout(), RecognitionFailed()])
def test_fault_of_a_later_reading_leaves_the_first(letter: PageImage, fault: Exception) -> None:
    def said(_page: PageImage, manner: Manner) -> Recognition:
        if manner.segmentation is BLOCK:
            raise fault
        return reading(60, 40, "first")

    assert read(ScriptedEngine(said), letter, Quality.BEST) == "first"


def test_fault_of_the_first_reading_is_the_pages(letter: PageImage) -> None:
    def said(_page: PageImage, _manner: Manner) -> Recognition:
        raise PageTimeout

    with pytest.raises(PageTimeout):
        read(ScriptedEngine(said), letter, Quality.BEST)


def test_page_is_not_read_again_when_there_is_no_time_for_it(letter: PageImage) -> None:
    def said(_page: PageImage, _manner: Manner) -> Recognition:
        time.sleep(0.3)
        return reading(60, 40, "first")

    engine = ScriptedEngine(said)

    assert read(engine, letter, Quality.BEST, seconds=0.8) == "first"
    assert len(engine.asked) == 1


def test_boxes_are_those_of_the_page_as_it_was(letter: PageImage) -> None:
    # Given a page that lies on its side
    turned = PageImage(letter.image.transpose(Image.Transpose.ROTATE_90), 150)
    engine = by_segmentation(COLUMN=Recognition("a", (Word("word", 10, 20, 100, 30, 95.0, 1, 1, 1),)))

    found = read_in_tries(turned, "eng", Quality.FAST, engine, time.monotonic() + 60)

    assert engine.asked[0][0].image.size == letter.image.size
    assert (found.rotation, found.skew) == (90, 0.0)
    word = found.recognition.words[0]
    assert (word.left, word.top, word.width, word.height, word.rotation) == (20, turned.image.height - 110, 30, 100, 90)


def test_nonsense_is_read_again_another_way_up() -> None:
    # Given a page of capitals alone, whose tops are as sharp as their bottoms, upside down
    page = PageImage(scan_page(LETTER[0].upper(), dpi=150, skew=0).rotate(180), 150)
    upright = scan_page(LETTER[0].upper(), dpi=150, skew=0)

    def said(given: PageImage, _manner: Manner) -> Recognition:
        return reading(95, 5, "sense") if given.image.tobytes() == upright.tobytes() else reading(10, 90, "nonsense")

    found = read_in_tries(page, "eng", Quality.BALANCED, ScriptedEngine(said), time.monotonic() + 60)

    assert (found.recognition.text, found.rotation) == ("sense", 180)


def test_page_without_letters_and_without_words_is_not_read_again() -> None:
    engine = by_segmentation(AUTO=Recognition("", ()))

    assert read(engine, PageImage(Image.new("L", (300, 300), 255), 300), Quality.BEST) == ""
    assert len(engine.asked) == 1

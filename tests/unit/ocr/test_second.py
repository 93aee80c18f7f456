"""The second reader is asked for lines that need it, within its budget, and never loses a page."""

import time
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PIL import Image

from ocr_platform.errors import RecognitionFailed
from ocr_platform.models import Word
from ocr_platform.ocr.engines import Recognition
from ocr_platform.ocr.engines.lines import SeenLine, SeenWord
from ocr_platform.ocr.merging import alone
from ocr_platform.ocr.second import Corners, is_unsure, second_opinion
from ocr_platform.ocr.turning import turned_image, turned_word

PAGE = Image.new("L", (400, 100), 255)
SURE, UNSURE = 96.0, 40.0


def word(text: str, confidence: float, left: int = 0, top: int = 0) -> Word:
    return Word(text, left, top, 100, 20, confidence, 1, 1, 1 + top // 40)


def corners(left: int, top: int, right: int, bottom: int) -> Corners:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


class Reader:
    """Sees two lines; the second says what is given."""

    def __init__(self, error: type[Exception] | None = None, seconds: float = 0.0) -> None:
        self.asked: list[Corners] = []
        self._error = error
        self._seconds = seconds

    def detect(self, image: Image.Image) -> list[Corners]:
        assert image.size == PAGE.size
        return [corners(0, 0, 100, 20), corners(0, 40, 100, 60)]

    def recognise(self, image: Image.Image, lines: Sequence[Corners]) -> Iterator[list[SeenLine]]:
        assert image.size == PAGE.size
        for line in lines:
            self.asked.append(line)
            if self._error is not None:
                raise self._error
            time.sleep(self._seconds)
            box = (0, int(line[0][1]), 100, int(line[2][1]))
            yield [SeenLine(box, (SeenWord("right", box, 0.999),))]


READ = Recognition("sure\nrihgt\n\n", (word("sure", SURE), word("rihgt", UNSURE, top=40)))


def opinion(reader: Reader | None, languages: str = "eng", seconds: float = 60.0) -> Recognition:
    return second_opinion(PAGE, READ, languages, reader, time.monotonic() + seconds)


def test_only_lines_that_are_unsure_are_read_again() -> None:
    reader = Reader()

    result = opinion(reader)

    assert [int(line[0][1]) for line in reader.asked] == [40]
    assert [each.text for each in result.words] == ["sure", "right"]
    assert result.text == "sure\nright\n\n"
    assert result.disputed > 0.5


def test_without_a_second_reader_the_first_reading_is_calibrated_and_else_as_it_is() -> None:
    result = opinion(None)

    assert (result.text, result.words) == (READ.text, alone(READ.words))


@pytest.mark.parametrize("languages", ["jpn", "eng+rus", "Fraktur", "deu+Fraktur", "vie"])
def test_languages_that_the_second_reader_cannot_write_are_left_to_the_first(languages: str) -> None:
    reader = Reader()

    assert opinion(reader, languages).words == alone(READ.words)
    assert reader.asked == []


@pytest.mark.parametrize("error", [RecognitionFailed, MemoryError])
def test_a_second_reader_that_fails_takes_nothing_from_the_first_reading(error: type[Exception]) -> None:
    result = opinion(Reader(error))

    assert (result.text, result.words) == (READ.text, alone(READ.words))


def test_no_line_is_read_again_when_the_pages_time_is_up() -> None:
    reader = Reader()

    assert opinion(reader, seconds=0.0).words == alone(READ.words)
    assert reader.asked == []


def test_lines_for_which_there_is_no_time_stay_as_they_were() -> None:
    # Given two unsure lines and time for one
    read = Recognition("a\nb\n\n", (word("wrong", UNSURE), word("wrong", UNSURE, top=40)))

    result = second_opinion(PAGE, read, "eng", Reader(seconds=0.3), time.monotonic() + 2.1)

    assert [each.text for each in result.words] == ["right", "wrong"]


@pytest.mark.parametrize(
    ("words", "unsure"),
    [
        ([word("sure", SURE)], False),
        ([word("unsure", UNSURE)], True),
        ([], True),
        ([word("elsewhere", SURE, top=60)], True),
    ],
)
def test_a_line_is_unsure_when_a_word_on_it_is_or_when_none_stands_there(words: list[Word], unsure: bool) -> None:
    assert is_unsure(words, corners(0, 0, 110, 20)) is unsure


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_lies_on_its_side_is_read_upright_and_its_words_stand_where_it_shows_them(rotation: int) -> None:
    # Given the page as a scanner saw it that stood otherwise
    lying = turned_image(PAGE, 360 - rotation)
    words = tuple(turned_word(each, 360 - rotation, *PAGE.size) for each in READ.words)
    upright = opinion(Reader()).words

    result = second_opinion(
        lying, Recognition(READ.text, words), "eng", Reader(), time.monotonic() + 60, rotation=rotation
    )

    assert result.text == "sure\nright\n\n"
    assert {each.rotation for each in result.words} == {rotation}
    assert tuple(turned_word(each, rotation, *lying.size) for each in result.words) == upright

import re

import pytest

from ocr_platform.models import PageResult
from ocr_platform.outputs.pdf.codes import Codes
from ocr_platform.outputs.pdf.layer import text_layer
from tests.unit.outputs.pdf.support import page, word


def _layer(of: PageResult, wanted: list[bool] | None = None) -> str:
    return text_layer(of, wanted or [True] * len(of.words), Codes(), "F").decode()


def test_page_without_words_has_no_layer() -> None:
    assert _layer(page()) == ""
    assert _layer(page(word("a")), [False]) == ""
    assert _layer(page(word("\x01"))) == ""


def test_text_is_invisible_and_leaves_no_text_object_open() -> None:
    layer = _layer(page(word("one"), word("two", (150, 0, 100, 20))))

    assert layer.startswith("BT\n3 Tr\n")
    assert layer.endswith("\nET\n")


def test_words_on_a_line_are_shown_by_one_operator() -> None:
    words = [word("one"), word("two", (150, 0, 100, 20)), word("six", (300, 0, 100, 20))]

    assert _layer(page(*words)).count("TJ") == 1


def test_unwanted_words_are_left_out() -> None:
    codes = Codes()

    text_layer(page(word("abc"), word("xyz", (150, 0, 100, 20))), [False, True], codes, "F")

    assert b"<0078>" in codes.to_unicode()  # x
    assert b"<0061>" not in codes.to_unicode()  # a


def test_space_follows_a_word_also_where_the_next_one_is_of_another_size() -> None:
    codes = Codes()
    words = [word("one"), word("D", (150, 0, 60, 80)), word("two", (250, 0, 100, 20))]

    shown = text_layer(page(*words), [True] * 3, codes, "F")

    assert shown.count(b"TJ") == 3
    assert b"> <0020>" in codes.to_unicode()
    spaces = [line.split()[0][1:5] for line in codes.to_unicode().splitlines() if line.endswith(b"<0020>")]
    assert sum(shown.count(code) for code in spaces) == 2


def test_line_that_leans_a_little_shows_each_word_by_itself() -> None:
    words = [word("HHH", (150 * place, 100 + 6 * place, 100, 20)) for place in range(5)]

    layer = _layer(page(*words))

    assert layer.count("TJ") == 5
    assert layer.count(" Tm") == 1
    # and ends with a space at another height, since it falls
    assert re.search(r"0 [\d.]+ Td <[0-9A-F]{4}> Tj\nET", layer)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotation_turns_the_line(rotation: int) -> None:
    layer = _layer(page(word("HanH", (100, 100, 20, 80) if rotation % 180 else (100, 100, 80, 20), rotation=rotation)))

    matrix = {0: "1 0 0 1", 90: "0 1 -1 0", 180: "-1 0 0 -1", 270: "0 -1 1 0"}[rotation]
    assert f"\n{matrix} " in layer


def test_numbers_have_no_exponents_and_no_negative_nothing() -> None:
    words = [word("H", (0, 499, 1, 1)), word("H" * 3000, (1, 0, 1, 500))]

    assert not re.search(r"\de[-+]?\d| -0 ", _layer(page(*words)))


def test_same_page_gives_the_same_bytes() -> None:
    made = page(word("one"), word("two", (150, 0, 100, 20)))

    assert _layer(made) == _layer(made)

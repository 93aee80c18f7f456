"""Two readings become one, word by word, in the structure of the first."""

import pytest

from ocr_platform.models import Word, WordSource
from ocr_platform.ocr.engines.lines import SeenLine, SeenWord
from ocr_platform.ocr.merging import alone, merge

LETTER = 10  # pixels
HEIGHT = 20


def words(*lines: str, confidence: float = 50.0, top: int = 0, block: int = 1) -> list[Word]:
    """Lines of a first reading below each other, every letter as wide as the next."""
    found = []
    for number, text in enumerate(lines, 1):
        left = 0
        for word in text.split():
            width = LETTER * len(word)
            y = top + 2 * HEIGHT * (number - 1)
            found.append(Word(word, left, y, width, HEIGHT, confidence, block, 1, number))
            left += width + LETTER
    return found


def seen(text: str, score: float = 0.999, *, left: int = 0, top: int = 0) -> SeenLine:
    """A line of a second reading, some pixels off."""
    found = []
    for word in text.split():
        right = left + LETTER * len(word)
        found.append(SeenWord(word, (left + 1, top - 1, right + 1, top + HEIGHT + 1), score))
        left = right + LETTER
    return SeenLine((found[0].box[0], top - 1, found[-1].box[2], top + HEIGHT + 1), tuple(found))


def texts(found: tuple[Word, ...]) -> list[str]:
    return [word.text for word in found]


def test_a_word_of_which_the_second_reading_is_surer_takes_the_place_of_the_first() -> None:
    merged = merge(words("the qvick fox"), [seen("the quick fox")])

    assert texts(merged.words) == ["the", "quick", "fox"]
    assert [word.source for word in merged.words] == [WordSource.OCR, WordSource.SECOND, WordSource.OCR]
    assert merged.text == "the quick fox\n\n"


def test_a_word_of_which_the_first_reading_is_surer_stays() -> None:
    merged = merge(words("the quick fox", confidence=96), [seen("the qvick fox", 0.6)])

    assert texts(merged.words) == ["the", "quick", "fox"]
    assert {word.source for word in merged.words} == {WordSource.OCR}


def test_the_first_readings_own_text_holds_where_no_word_changes() -> None:
    merged = merge(words("the quick fox"), [seen("the quick fox")])

    assert merged.text is None
    assert merged.disputed == 0.0


def test_words_that_both_readings_have_are_likelier_than_either_alone() -> None:
    first = words("the quick fox")

    agreed = merge(first, [seen("the quick fox")]).words
    single = alone(first)

    assert all(both.confidence > one.confidence for both, one in zip(agreed, single, strict=True))


def test_words_that_the_second_reading_runs_together_stay_apart() -> None:
    merged = merge(words("the quick fox"), [seen("the_quick_fox".replace("_", ""))])

    assert texts(merged.words) == ["the", "quick", "fox"]


def test_accents_that_the_second_reading_overlooks_are_kept() -> None:
    merged = merge(words("élevé", confidence=10), [seen("eleve")])

    assert texts(merged.words) == ["élevé"]


def test_a_word_that_the_first_reading_overlooked_comes_in_where_it_stands_on_its_line() -> None:
    first = [word for word in words("the quick brown fox") if word.text != "brown"]

    merged = merge(first, [seen("the quick brown fox")])

    assert texts(merged.words) == ["the", "quick", "brown", "fox"]
    assert {word.line for word in merged.words} == {1}


def test_a_line_that_the_first_reading_overlooked_comes_in_between_its_neighbours() -> None:
    first = [word for word in words("first line", "second line", "third line") if word.line != 2]

    merged = merge(first, [seen("second line", top=2 * HEIGHT)])

    assert texts(merged.words) == ["first", "line", "second", "line", "third", "line"]
    assert [word.line for word in merged.words] == [1, 1, 2, 2, 3, 3]
    assert merged.text == "first line\nsecond line\nthird line\n\n"


def test_a_page_on_which_the_first_reading_found_nothing_has_the_lines_of_the_second_from_top_to_bottom() -> None:
    merged = merge([], [seen("below", top=100), seen("above", top=0)])

    assert texts(merged.words) == ["above", "below"]
    assert {word.source for word in merged.words} == {WordSource.SECOND}


def test_what_the_second_reading_alone_has_and_is_unsure_of_is_left_out() -> None:
    assert merge(words("word"), [seen("smudge", 0.5, top=100)]).words == alone(words("word"))[:0] + tuple(
        alone(words("word"))
    )


def test_columns_keep_their_order() -> None:
    # Given two columns of which the left one lacks its second line
    left = [word for word in words("one", "two", "three") if word.text != "two"]
    right = [
        Word(word.text, word.left + 500, word.top, word.width, word.height, 50.0, 2, 1, word.line)
        for word in words("four", "five", "six")
    ]

    merged = merge([*left, *right], [seen("two", top=2 * HEIGHT), seen("six", left=500, top=4 * HEIGHT)])

    assert texts(merged.words) == ["one", "two", "three", "four", "five", "six"]
    assert [word.block for word in merged.words] == [1, 1, 1, 2, 2, 2]


def test_what_the_document_says_of_itself_is_not_changed() -> None:
    brought = Word("qvick", 0, 0, 50, HEIGHT, 100.0, 1, 1, 1, WordSource.TEXT)

    assert merge([brought], [seen("quick")]).words == (brought,)
    assert alone([brought]) == (brought,)


def test_the_share_that_is_disputed_is_counted_in_letters() -> None:
    merged = merge(words("aaaa bbbbbb"), [seen("aaaa bbbbbc", 0.6)])

    assert merged.disputed == pytest.approx(0.6)


@pytest.mark.parametrize("score", [0.0, 0.3, 0.999, 1.0])
def test_confidences_are_percent(score: float) -> None:
    merged = merge(words("one twe three", confidence=score * 100), [seen("one two three four", score)])

    assert all(0 <= word.confidence <= 100 for word in merged.words)


def test_quotes_and_dashes_are_no_dispute() -> None:
    merged = merge(words("it\u2019s 1\u20132"), [seen("it's 1-2")])

    assert texts(merged.words) == ["it\u2019s", "1\u20132"]
    assert merged.disputed == 0.0


def test_a_line_right_beside_a_row_belongs_to_it() -> None:
    merged = merge(words("item"), [seen("12.50", left=60)])

    assert [(word.text, word.line, word.block) for word in merged.words] == [("item", 1, 1), ("12.50", 1, 1)]


def test_a_table_that_the_second_reading_alone_has_is_read_row_by_row() -> None:
    cells = [seen(text, left=left, top=top) for top in (0, 40, 80) for text, left in (("item", 0), ("9.50", 400))]

    merged = merge([], cells)

    assert merged.text == "item 9.50\nitem 9.50\nitem 9.50\n\n"


def test_a_line_of_a_column_of_its_own_is_not_drawn_into_the_column_beside_it() -> None:
    left = words("one", "two", "three")
    right = [
        Word(word.text, word.left + 500, word.top, word.width, word.height, 50.0, 2, 1, word.line)
        for word in words("four", "five", "six")
    ]

    merged = merge([*left, *right[:2]], [seen("six", left=500, top=4 * HEIGHT)])

    assert texts(merged.words) == ["one", "two", "three", "four", "five", "six"]


def test_a_word_of_the_first_reading_where_the_second_sees_nothing_stays() -> None:
    one, two = seen("one"), seen("two", left=110)
    line = SeenLine((*one.box[:2], *two.box[2:]), (*one.words, *two.words))

    merged = merge(words("one smudge two", confidence=30), [line])

    assert [word.text for word in merged.words] == ["one", "smudge", "two"]


def test_a_word_that_the_first_reading_broke_into_pieces_is_not_preferred_for_having_more_of_them() -> None:
    merged = merge(words("TAX STAI ue RY", confidence=92), [seen("TAX STATIONERY", 0.996)])

    assert texts(merged.words) == ["TAX", "STATIONERY"]


@pytest.mark.parametrize(("first", "second"), [("RM1. 38 net", "RM1.38 net"), ("9: 45", "9:45"), ("1, 250", "1,250")])
def test_a_number_that_the_first_reading_broke_behind_its_point_is_whole(first: str, second: str) -> None:
    merged = merge(words(first), [seen(second)])

    assert texts(merged.words) == second.split()
    assert merged.text == f"{second}\n\n"
    assert merged.disputed == 0.0
    whole = merged.words[0]
    assert (whole.left, whole.width, whole.source) == (0, LETTER * len(first.removesuffix(" net")), WordSource.OCR)


@pytest.mark.parametrize(
    ("first", "second"),
    [("1 250 EUR", "1250EUR"), ("No. 12", "No.12"), ("JALAN TAMPOI", "JALANTAMPOI"), ("Fr. 20. Der", "Fr. 20.Der")],
)
def test_other_words_stay_parted_as_the_first_reading_has_them(first: str, second: str) -> None:
    assert texts(merge(words(first), [seen(second)]).words) == first.split()

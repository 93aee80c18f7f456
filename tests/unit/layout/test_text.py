import pytest

from ocr_platform.layout import text_of, with_rows
from ocr_platform.models import Word
from tests.unit.layout.support import column, line, turned

PROSE = [
    "the quick brown fox jumps over a",
    "lazy dog while nobody in the house",
    "seems to take any notice of it at",
    "all and the afternoon goes by in",
    "silence until the clock strikes five",
]
OTHER_PROSE = [f"other {text}" for text in PROSE]
ITEMS = ["Bread", "Butter", "Strong coffee", "Milk"]
PRICES = ["2.40", "3.19", "11.00", "0.99"]
TOTALS = ["TOTAL", "VAT"]


def test_the_recognisers_own_text_stays_where_there_is_no_table() -> None:
    assert with_rows("as it\nwas", column(PROSE, 0, 0)) == "as it\nwas"


def test_the_recognisers_own_text_gives_way_where_it_has_a_table_by_its_columns() -> None:
    words = column(ITEMS, 0, 0) + column(PRICES, 600, 0, block=2)

    assert with_rows("Bread\nButter…", words) == text_of(words)


def test_no_words_are_no_text() -> None:
    assert text_of([]) == ""


def test_paragraphs_have_a_line_a_line_and_an_empty_line_behind() -> None:
    words = column(["one two", "three"], 0, 0) + line("four", 0, 200, paragraph=2)

    assert text_of(words) == "one two\nthree\n\nfour\n\n"


def test_columns_of_running_text_are_read_one_after_the_other() -> None:
    words = column(PROSE, 0, 0) + column(OTHER_PROSE, 900, 0, block=2)

    assert text_of(words).split("\n\n")[:2] == ["\n".join(PROSE), "\n".join(OTHER_PROSE)]


def test_rows_of_a_table_are_kept_in_lines_though_its_columns_are_blocks() -> None:
    words = column(ITEMS, 0, 0) + column(PRICES, 600, 0, block=2)

    assert text_of(words) == "Bread 2.40\nButter 3.19\nStrong coffee 11.00\nMilk 0.99\n\n"


def test_a_row_without_a_cell_keeps_its_line() -> None:
    words = column(ITEMS, 0, 0) + line("2.40", 600, 0, block=2) + line("0.99", 600, 135, block=2, number=2)

    assert text_of(words) == "Bread 2.40\nButter\nStrong coffee\nMilk 0.99\n\n"


def test_a_receipts_head_and_foot_stay_where_they_are() -> None:
    words = (
        line("CORNER SHOP", 200, 0)
        + column(ITEMS, 0, 100, block=2)
        + column(PRICES, 600, 100, block=3)
        + line("Thank you for your visit", 100, 400, block=4)
    )

    assert text_of(words).split("\n\n")[:3] == [
        "CORNER SHOP",
        "Bread 2.40\nButter 3.19\nStrong coffee 11.00\nMilk 0.99",
        "Thank you for your visit",
    ]


def test_numbers_in_the_margin_do_not_get_into_running_text() -> None:
    words = column(PROSE, 200, 0) + column(["1", "2", "3", "4", "5"], 0, 0, block=2)

    assert text_of(words).startswith("\n".join(PROSE) + "\n\n1\n2\n")


def test_numbers_that_were_all_recognised_first_get_to_their_entries_below_what_stands_above_them() -> None:
    words = (
        column(["112", "115"], 0, 500, block=1)
        + line("Catalogue of the exhibition", 300, 0, block=2)
        + column(["A landscape", "A portrait"], 300, 500, block=3)
    )

    assert text_of(words) == "Catalogue of the exhibition\n\n112 A landscape\n115 A portrait\n\n"


def test_columns_stay_where_they_are_when_they_cannot_meet_without_disorder() -> None:
    words = (
        column(["112", "115"], 0, 500, block=1)
        + line("Catalogue of the exhibition", 100, 0, block=2)
        + line("Closed on Mondays", 100, 900, block=3)
        + column(["A landscape", "A portrait"], 300, 500, block=4)
    )

    assert text_of(words).startswith("112\n115\n\nCatalogue")


def test_columns_of_a_table_whose_baselines_differ_are_not_joined() -> None:
    words = column(ITEMS, 0, 0) + column(PRICES, 600, 22, block=2)

    assert text_of(words).startswith("Bread\nButter\nStrong coffee\nMilk\n\n2.40")


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_reads_as_the_upright_one(rotation: int) -> None:
    words = column(ITEMS, 0, 0) + column(PRICES, 600, 0, block=2)

    assert text_of(turned(words, rotation, 1000, 1400)) == text_of(words)


def test_words_of_a_line_that_a_second_reading_added_at_the_end_stand_in_their_line() -> None:
    words = column(["one two", "three four"], 0, 0)
    late = [*words[:1], *words[2:], words[1]]

    assert text_of(late) == "one two\nthree four\n\n"


def test_scripts_without_spaces_are_written_without() -> None:
    words = [
        Word(text, 40 * at, 0, 40, 40, 90.0, 1, 1, 1) for at, text in enumerate(["日本", "語", "OCR", "で", "す", "。"])
    ]

    assert text_of(words) == "日本語 OCR です。\n\n"


def test_cells_of_a_table_written_from_the_right_are_read_from_the_right() -> None:
    words = column(["12", "34", "56"], 0, 0) + column(["לחם", "חמאה", "קפה"], 600, 0, block=2)

    assert text_of(words) == "לחם 12\nחמאה 34\nקפה 56\n\n"


def test_a_page_of_thousands_of_blocks_is_read_at_once() -> None:
    # Made to keep a worker busy: comparing each with each would take minutes.
    words = [Word("1", 30 * (at % 100), 40 * (at // 100), 20, 30, 90.0, at, 1, 1) for at in range(5_000)]

    assert text_of(words).count("1\n\n") == 5_000

"""Numbers of a list that were read as a column of their own get to their entries; nothing else moves or is lost."""

import pytest

from ocr_platform.layout import markers as module
from ocr_platform.layout import plain_text, with_markers
from ocr_platform.models import Word
from tests.unit.layout.support import LEADING, column, line, turned

ENTRIES = [
    "The tenant pays the rent on the first of",
    "each month and without being asked for",
    "The landlord keeps the roof and the walls",
    "Keys are handed over on the day of moving",
    "Pets need to be agreed upon in writing",
]


def _text(words: list[Word]) -> str:
    return plain_text(with_markers(words))


def _list(*numbers: str, rows: tuple[int, ...] = (0, 2, 3)) -> list[Word]:
    """Numbers that were recognised first, each a block of its own, and what they count."""
    words: list[Word] = []
    for block, (number, row) in enumerate(zip(numbers, rows, strict=True), 1):
        words += line(number, 0, row * LEADING, block=block)
    return words + column(ENTRIES, 120, 0, block=9)


@pytest.mark.parametrize(
    "numbers", [("1.", "2.", "3."), ("a)", "b)", "c)"), ("(i)", "(ii)", "(iii)"), ("IX.", "X.", "XI."), ("•", "•", "•")]
)
def test_markers_get_to_the_lines_that_they_stand_before(numbers: tuple[str, str, str]) -> None:
    first, second, third = numbers

    assert _text(_list(*numbers)).splitlines() == [
        f"{first} {ENTRIES[0]}",
        ENTRIES[1],
        f"{second} {ENTRIES[2]}",
        f"{third} {ENTRIES[3]}",
        ENTRIES[4],
        "",
    ]


def test_markers_of_one_block_do_so_too_though_one_was_misread() -> None:
    words = column(["1.", "2.", "DJ."], 0, 0) + column(ENTRIES, 120, 0, block=2)

    assert _text(words).startswith(f"1. {ENTRIES[0]}\n2. {ENTRIES[1]}\nDJ. {ENTRIES[2]}\n{ENTRIES[3]}\n")


def test_a_dash_that_stands_above_the_baseline_gets_to_its_line() -> None:
    dashes = [Word("—", 0, 12 + row * LEADING, 30, 4, 90.0, 1 + row, 1, 1) for row in (0, 1)]

    assert _text(dashes + column(ENTRIES, 120, 0, block=9)).startswith(f"— {ENTRIES[0]}\n— {ENTRIES[1]}\n")


def test_bare_numbers_of_lines_stay_out_of_the_text() -> None:
    words = column(["5", "10", "15"], 0, 0) + column(ENTRIES, 120, 0, block=2)

    assert with_markers(words) == tuple(words)


def test_one_number_alone_stays() -> None:
    words = line("4.", 0, 0) + column(ENTRIES, 120, 0, block=2)

    assert with_markers(words) == tuple(words)


def test_numbers_far_from_any_line_stay() -> None:
    words = column(["1.", "2."], 0, 0) + column(ENTRIES, 1200, 0, block=2)

    assert with_markers(words) == tuple(words)


def test_numbers_behind_a_line_stay() -> None:
    words = column(ENTRIES, 0, 0) + column(["1.", "2."], 900, 0, block=2)

    assert with_markers(words) == tuple(words)


def test_column_of_a_table_stays_a_column() -> None:
    words = column(["1.", "2.", "3."], 0, 0) + column(["Strong coffee", "Green tea", "Cold milk"], 120, 0, block=2)

    assert with_markers(words) == tuple(words)


def test_short_words_that_count_nothing_stay() -> None:
    words = column(["Yes", "No", "Ja"], 0, 0) + column(ENTRIES, 120, 0, block=2)

    assert with_markers(words) == tuple(words)


def test_no_word_is_lost_where_markers_stand_beside_markers() -> None:
    words = (
        column(["1. -", "2. -"], 0, 0) + column(["a) b)", "c) d)"], 150, 0, block=2) + column(ENTRIES, 400, 0, block=3)
    )

    assert sorted(word.text for word in with_markers(words)) == sorted(word.text for word in words)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_lies_on_its_side_is_read_alike(rotation: int) -> None:
    words = turned(_list("1.", "2.", "3."), rotation, 1200, 800)

    assert _text(words).startswith(f"1. {ENTRIES[0]}\n{ENTRIES[1]}\n2. {ENTRIES[2]}")


def test_a_page_of_very_many_lines_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_LINES", 7)
    words = _list("1.", "2.", "3.")

    assert with_markers(words) == tuple(words)

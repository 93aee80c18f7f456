"""The order of reading, and what belongs together."""

from ocr_platform.layout import plain_text
from ocr_platform.ocr.arranging import arranged, main_rotation
from ocr_platform.ocr.pdf_text import Piece
from tests.data.born_digital import Page, text
from tests.unit.ocr.pdfs import LINES, layer

SHORT = (
    "Lorem ipsum dolor sit",
    "amet consectetuer elit",
    "donec odio quisque a",
    "volutpat mattis eros",
    "nullam felis",
)


def _texts(page: Page) -> list[str]:
    """Lines of a page, blocks and paragraphs parted by empty ones."""
    return plain_text(layer(page).words).split("\n")[:-2]


def test_columns_are_read_one_after_the_other_whatever_the_order_in_the_document() -> None:
    left, right = text(SHORT, 72, 700), text(LINES[:3], 250, 700)
    title = text(["A title above both of them, from side to side of the page"], 72, 740, size=16)

    found = _texts(Page(right + title + left))

    assert [line for line in found if line] == [
        "A title above both of them, from side to side of the page",
        *SHORT,
        *LINES[:3],
    ]


def test_columns_of_unequal_lines_are_columns_all_the_same() -> None:
    found = _texts(Page(text(SHORT, 72, 700, leading=13) + text(LINES, 250, 704, leading=17)))

    assert [line for line in found if line] == [*SHORT, *LINES]


def test_rows_of_a_table_stay_lines() -> None:
    rows = [("Item", "Amount", "Price"), ("Paper", "12", "3.40"), ("Ink", "1", "17.00"), ("Pens", "30", "0.90")]
    cells = b"".join(
        text([cell], 72 + 130 * column, 700 - 16 * row)
        for column in range(3)
        for row in range(4)
        for cell in [rows[row][column]]
    )

    assert [line for line in _texts(Page(cells)) if line] == [" ".join(row) for row in rows]


def test_an_empty_strip_begins_a_block_and_an_indented_line_a_paragraph() -> None:
    page = Page(
        text(LINES[:2], 72, 700) + text([LINES[2]], 90, 672) + text([LINES[3]], 72, 658) + text(["End"], 72, 600)
    )

    words = layer(page).words

    last = [line.split()[-1] for line in (*LINES, "End")]
    places = {word.text: (word.block, word.paragraph, word.line) for word in words if word.text in last}
    assert [places[name] for name in last] == [(1, 1, 1), (1, 1, 2), (1, 2, 1), (1, 2, 2), (2, 1, 1)]
    assert plain_text(words) == "{}\n{}\n\n{}\n{}\n\nEnd\n\n".format(*LINES)


def test_text_that_is_turned_is_read_in_its_own_direction_after_the_rest() -> None:
    margin = text(["First note", "second note"], 40, 300, matrix="0 1 -1 0")

    found = [line for line in _texts(Page(margin + text(LINES, 100))) if line]

    assert found == [*LINES, "First note", "second note"]


def test_a_page_that_lies_on_its_side_is_read_as_it_stands() -> None:
    found = layer(Page(text(SHORT, 72, 700) + text(LINES, 250, 700), b"/Rotate 270"))

    assert [line for line in plain_text(found.words).split("\n") if line] == [*SHORT, *LINES]
    assert found.rotation == 90


def test_lines_of_a_script_from_the_right_go_on_to_the_left() -> None:
    # Given two pieces of a Hebrew line, as PDFium gives them: each in the order of reading
    def piece(word: str, left: float, run: int) -> Piece:
        box = (left, 100.0, left + 80, 120.0)
        return Piece(word, box, box, 0, run)

    pieces = [piece("\u05d0\u05d1\u05d2", 700, 1), piece("\u05d3\u05d4\u05d5", 300, 2)]

    words = arranged(list(reversed(pieces)), 1000, 1000, 99.0)

    assert [word.text for word in words] == [pieces[0].text, pieces[1].text]


def test_nothing_is_nothing() -> None:
    assert arranged([], 100, 100, 99.0) == ()
    assert plain_text(()) == ""
    assert main_rotation([]) == 0


def test_many_scattered_words_are_arranged_in_bounded_time() -> None:
    # Given as many words as a page may have, no two on one line or one below the other
    pieces = [
        Piece("word", box, box, 0, index)
        for index in range(20_000)
        for box in [
            (float(index * 37 % 9973), float(index * 91 % 9967), index * 37 % 9973 + 30.0, index * 91 % 9967 + 10.0)
        ]
    ]

    assert len(arranged(pieces, 10_000, 10_000, 99.0)) == 20_000

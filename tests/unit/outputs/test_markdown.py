from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from ocr_platform.models import OutputFormat, Word
from tests.unit.layout.support import column, line, turned
from tests.unit.outputs.support import PAGES, built, page_of

BODY = ["It was the best of times and it was", "the worst of times and nobody knew", "which of the two it would be."]


def markdown(words: list[Word], text: str = "") -> str:
    return built(OutputFormat.MARKDOWN, [page_of(words, text)]).removeprefix("<!-- page 1 -->\n\n")


def rendered(words: list[Word], text: str = "") -> str:
    """What a reader of Markdown makes of it."""
    return str(MarkdownIt("commonmark").enable("table").render(markdown(words, text)))


def test_paragraphs_flow_and_are_parted_by_an_empty_line() -> None:
    words = column(BODY, 0, 0) + column(["Another one."], 0, 200, paragraph=2)

    assert markdown(words) == " ".join(BODY) + "\n\nAnother one.\n"


@pytest.mark.parametrize(("height", "level"), [(60, 1), (45, 2), (39, 3), (33, 0)])
def test_headings_are_told_by_the_height_of_their_letters(height: int, level: int) -> None:
    words = line("A tale", 0, 0, height=height) + column(BODY, 0, 200, block=2)

    assert markdown(words).split("\n")[0] == f"{'#' * level} A tale".strip()


@pytest.mark.parametrize("text", ["A tale,", "12", "word " * 17, "goes on here"])
def test_large_letters_alone_make_no_heading(text: str) -> None:
    words = line(text, 0, 0, height=60) + column(BODY * 3, 0, 200, block=2)

    assert not markdown(words).startswith("#")


def test_a_page_of_large_letters_has_no_headings() -> None:
    assert "#" not in markdown(column(["Welcome", "everybody"], 0, 0, height=90))


def test_large_letters_that_may_be_a_picture_make_no_heading() -> None:
    unsure = [replace(word, confidence=40.0) for word in line("Heft", 0, 0, height=60)]

    assert not markdown(unsure + column(BODY, 0, 200, block=2)).startswith("#")


def test_divided_words_are_put_together_within_a_paragraph() -> None:
    assert markdown(column(["a docu-", "ment"], 0, 0), "a docu-\nment") == "a document\n"


def test_a_word_that_may_be_two_stays_divided() -> None:
    text = "well known and well-\nknown"

    assert markdown(column(text.split("\n"), 0, 0), text) == "well known and well-\nknown\n"


def test_entries_with_the_same_mark_are_a_list() -> None:
    words = column(["Bring:", "• bread and", "butter", "• coffee"], 0, 0)

    assert markdown(words) == "Bring:\n\n* bread and butter\n* coffee\n"


def test_hyphens_before_entries_are_a_list() -> None:
    assert markdown(column(["- bread", "- strong coffee"], 0, 0)) == "- bread\n- strong coffee\n"


def test_what_people_say_to_each_other_is_no_list() -> None:
    assert "<li>" not in rendered(column(["- Who is there?", "- Nobody at all.", "- Then come in."], 0, 0))


def test_numbers_that_follow_each_other_are_a_list_with_its_numbers() -> None:
    words = column(["3. bread", "4. butter"], 0, 0)

    assert markdown(words) == "3. bread\n4. butter\n"


@pytest.mark.parametrize("lines", [["1. May", "and more"], ["2. bread", "7. butter"], ["- bread", "* butter"]])
def test_marks_without_another_of_their_kind_are_text(lines: list[str]) -> None:
    shown = rendered(column(lines, 0, 0))

    assert "<li>" not in shown
    assert "".join(shown.replace("<p>", "").replace("</p>", "").split()) == "".join("".join(lines).split())


def test_columns_of_figures_are_a_table() -> None:
    words = column(["Bread", "Butter", "Milk"], 0, 0) + column(["2.40", "3.19", "0.99"], 600, 0, block=2)

    assert markdown(words) == "|  |  |\n|---|---|\n| Bread | 2.40 |\n| Butter | 3.19 |\n| Milk | 0.99 |\n"


def test_a_first_row_without_figures_is_the_tables_head() -> None:
    words = column(["Item", "Bread", "Butter"], 0, 0) + column(["Price", "2.40", "3.19"], 600, 0, block=2)

    assert rendered(words).count("<th>") == 2


def test_lines_of_one_block_with_wide_gaps_below_each_other_are_a_table() -> None:
    words = column(["Bread  2  2.40", "Cream  1  3.19", "Sugar  5  0.99"], 0, 0)

    assert markdown(words).split("\n")[2:5] == ["| Bread | 2 | 2.40 |", "| Cream | 1 | 3.19 |", "| Sugar | 5 | 0.99 |"]


def test_lines_whose_gaps_are_not_below_each_other_are_no_table() -> None:
    assert "|" not in markdown(column(["Bread  2", "Strong coffee beans  1", "A  50"], 0, 0))


def test_two_rows_are_no_table_and_keep_their_lines() -> None:
    words = column(["Bread", "Butter"], 0, 0) + column(["2.40", "3.19"], 600, 0, block=2)

    assert markdown(words) == "Bread 2.40\\\nButter 3.19\n"


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_is_written_as_the_upright_one(rotation: int) -> None:
    words = line("A tale", 0, 0, height=60) + column(["Bread  2.40", "Cream  3.19", "Sugar  0.99"], 0, 200, block=2)

    assert markdown(turned(words, rotation, 2480, 3508)) == markdown(words)


@pytest.mark.parametrize(
    "text",
    [
        "# no heading",
        "1. no list",
        "2) no list",
        "- no list",
        "+ no list",
        "* no list",
        "> no quote",
        "*no* _emphasis_ **at** __all__",
        "`no code`",
        "``` no fence",
        "~~~ no fence",
        "=== no underline",
        "[no](link) ![no](image) [no]: link",
        "<b>no markup</b> <!-- no comment -->",
        "no &amp; entity &#65; but R&D and A & B",
        "a | b | c",
        "back\\slash \\* and ~~no strike~~",
        "http://example.org/a_b_c",
        "a   b",
        "---",
        ":--- | ---:",
    ],
)
def test_what_stands_on_the_page_is_what_a_reader_shows(text: str) -> None:
    words = [Word(part, 60 * at, 0, 50, 30, 90.0, 1, 1, 1) for at, part in enumerate(text.split())]
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown(words))

    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special", "softbreak"}
    assert "".join(child.content for child in children) == " ".join(text.split())


def test_what_stands_in_a_cell_stays_in_it() -> None:
    words = [
        *(Word(text, 0, 45 * at, 50, 30, 90.0, 1, 1, at) for at, text in enumerate(["a|b", "*c*", "<d>"])),
        *(Word(text, 600, 45 * at, 50, 30, 90.0, 2, 1, at) for at, text in enumerate(["1", "2", "3"])),
    ]

    assert "<td>a|b</td>" in rendered(words)
    assert "<td>*c*</td>" in rendered(words)
    assert "<td>&lt;d&gt;</td>" in rendered(words)


def test_pages_are_parted_by_comments_and_a_page_that_failed_says_why() -> None:
    text = built(OutputFormat.MARKDOWN, PAGES[:3])

    assert text == "<!-- page 1 -->\n\nGrüße\n\n<!-- page 2: page_damaged -->\n\n<!-- page 3 -->\n"

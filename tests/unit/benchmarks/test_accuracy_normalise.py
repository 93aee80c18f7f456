import pytest

from benchmarks.accuracy.normalise import comparable, normalised


def test_an_accent_composed_or_not_is_the_same_letter() -> None:
    assert normalised("Gru\u0308\u00dfe") == "Gr\u00fc\u00dfe"


def test_white_space_is_one_space() -> None:
    assert normalised("  a\u00a0b\t\n\f c \r\n") == "a b c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("o\ufb03ce \ufb01le", "office file"),
        ("Hau\u017f", "Haus"),
        ("\u201eja\u201c \u00abnon\u00bb \u2019tis", '"ja" "non" \'tis'),
        ("1914\u20131918 \u2014 a\u2011b", "1914-1918 - a-b"),
        ("and so on\u2026", "and so on..."),
        ("\uff21\uff22\uff11\uff0c", "AB1,"),
        ("soft\u00adhyphen zero\u200bwidth\ufeff", "softhyphen zerowidth"),
    ],
    ids=["ligatures", "long s", "quotes", "dashes", "ellipsis", "full width", "no width"],
)
def test_signs_that_print_alike_are_one(text: str, expected: str) -> None:
    assert normalised(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recog-\nnition", "recognition"),
        ("recog\u00ad\nnition", "recognition"),
        ("recog\u2e17 \n  nition", "recognition"),
        ("\u00e9tabli-\n\u00e9ment", "\u00e9tabli\u00e9ment"),
        ("Jean-\nPaul", "Jean- Paul"),
        ("pages 12-\n14", "pages 12- 14"),
        ("well-known", "well-known"),
        ("a line -\nanother", "a line - another"),
    ],
)
def test_a_word_hyphenated_over_a_line_end_is_one_word(text: str, expected: str) -> None:
    assert normalised(text) == expected


def test_case_accents_and_punctuation_count() -> None:
    assert normalised("\u00c9t\u00e9, ete.") == "\u00c9t\u00e9, ete."


def test_where_the_truth_is_in_capitals_throughout_case_does_not_count() -> None:
    assert comparable("TOTAL: 5.00\n\u00dcBERTRAG", "Total: 5.00 \u00dcbertrag") == ("TOTAL: 5.00 \u00dcBERTRAG",) * 2
    assert comparable("Total: 5.00", "TOTAL: 5.00") == ("Total: 5.00", "TOTAL: 5.00")
    assert comparable("5.00", "s.oo") == ("5.00", "s.oo")


def test_what_is_normalised_stays_as_it_is() -> None:
    once = normalised("\u201eRecog-\nnition\u201c \u2026 o\ufb03ce")

    assert normalised(once) == once

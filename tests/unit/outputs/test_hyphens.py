import pytest

from ocr_platform.outputs.hyphens import Hyphens


@pytest.mark.parametrize(
    ("end", "beginning", "whole"),
    [
        ("docu-", "ment", "document"),
        ("(docu-", "ment),", "(document),"),
        ("Donau\u2010", "dampfer", "Donaudampfer"),
        ("soft\u00ad", "ware", "software"),
    ],
)
def test_words_that_a_lines_end_divides_are_put_together(end: str, beginning: str, whole: str) -> None:
    assert Hyphens([]).whole(end, beginning) == whole


@pytest.mark.parametrize(
    ("end", "beginning"),
    [
        ("docu", "ment"),
        ("Jean-", "Paul"),
        ("1914-", "1918"),
        ("NATO-", "staat"),
        ("a-", "bout"),
        ("word -", "another"),
        ("—", "another"),
        ("-", "another"),
        ("well-", ""),
    ],
)
def test_what_may_be_two_words_stays_as_it_is(end: str, beginning: str) -> None:
    assert Hyphens([]).whole(end, beginning) is None


def test_a_hyphen_stays_where_the_document_has_it_within_a_line() -> None:
    assert Hyphens(["A well-known man."]).whole("well-", "known") is None


def test_a_hyphen_stays_where_both_halves_are_words_of_the_document() -> None:
    assert Hyphens(["All is well.\nHe is known."]).whole("well-", "known") is None


def test_a_hyphen_goes_where_the_document_has_the_whole_word_though_it_has_its_halves() -> None:
    assert Hyphens(["into the", "In to it, into"]).whole("in-", "to") == "into"


def test_the_halves_at_a_lines_end_are_no_words_of_the_document() -> None:
    assert Hyphens(["a docu-\nment here"]).whole("docu-", "ment") == "document"

import pytest

from ocr_platform.outputs.pdf.direction import as_seen
from ocr_platform.outputs.pdf.spacing import spaces_after
from tests.unit.outputs.pdf.support import word


@pytest.mark.parametrize(
    ("read", "seen"),
    [
        ("word", "word"),
        ("Grüße", "Grüße"),
        ("שלום", "םולש"),
        ("سلام", "مالس"),
        ("ב2024", "2024ב"),
        ("(אב)", ")בא("),
        ("中文", "中文"),
    ],
)
def test_word_is_turned_around_where_its_script_runs_from_the_right(read: str, seen: str) -> None:
    assert as_seen(read) == seen


def test_space_follows_a_word_where_the_text_has_one() -> None:
    words = [word("中"), word("文"), word("one"), word("two")]

    assert spaces_after("中文 one\ntwo\n", words) == [False, True, True, True]


def test_word_that_the_text_does_not_have_is_taken_to_stand_alone() -> None:
    assert spaces_after("one three", [word("one"), word("two"), word("three")]) == [True, True, True]


def test_word_that_is_missing_does_not_skip_what_follows() -> None:
    text = "a b" + " c" * 500 + " zz"

    assert spaces_after(text, [word("zz"), word("a"), word("b")])[1] is True

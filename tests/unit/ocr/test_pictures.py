from ocr_platform.models import Word, WordSource
from ocr_platform.ocr.pictures import agrees, merged, shifted


def _word(text: str, left: int, top: int, block: int = 1, source: WordSource = WordSource.TEXT) -> Word:
    return Word(text, left, top, 100, 30, 99.0, block, 1, 1, source)


def _seen(text: str, left: int, top: int, block: int = 1) -> Word:
    return _word(text, left, top, block, WordSource.OCR)


def test_what_stands_where_the_page_has_a_word_is_that_word() -> None:
    own = (_word("own", 0, 0), _word("words", 120, 0))

    assert merged(own, [_seen("0wn", 2, 3), _seen("w", 130, 2)]) == own


def test_what_stands_elsewhere_is_read_in_its_place_as_a_block_of_its_own() -> None:
    own = (_word("above", 0, 0), _word("below", 0, 400, 2))

    found = merged(own, [_seen("in", 0, 200), _seen("picture", 110, 200), _seen("two", 0, 240, 2)])

    assert [(word.text, word.block) for word in found] == [
        ("above", 1),
        ("in", 2),
        ("picture", 2),
        ("two", 3),
        ("below", 4),
    ]


def test_a_picture_in_a_column_is_read_with_that_column() -> None:
    # Given two columns, the picture in the second, above its text
    own = (_word("left", 0, 0), _word("lower", 0, 500, 2), _word("right", 600, 300, 3))

    found = merged(own, [_seen("drawn", 600, 100)])

    assert [word.text for word in found] == ["left", "lower", "drawn", "right"]


def test_a_picture_below_all_is_read_last() -> None:
    assert [word.text for word in merged((_word("own", 0, 0),), [_seen("last", 0, 900)])] == ["own", "last"]


def test_either_may_be_empty() -> None:
    assert merged((), [_seen("a", 0, 0)]) == (_seen("a", 0, 0),)
    assert merged((_word("a", 0, 0),), []) == (_word("a", 0, 0),)


def test_words_of_a_part_become_words_of_the_page() -> None:
    assert shifted([_seen("a", 5, 6)], (100.7, 200.2, 400.0, 500.0)) == [_seen("a", 105, 206)]


def test_two_readings_agree_when_most_telling_words_are_in_both() -> None:
    own = [_word(text, 0, 0) for text in ("Strange", "Wrds,", "in", "it")]

    assert agrees(own, [_seen(text, 0, 0) for text in ("strange", "wrds", "on", "at")])
    assert not agrees(own, [_seen(text, 0, 0) for text in ("Quite", "other", "in", "it")])
    assert not agrees([_word("a", 0, 0)], [_seen("a", 0, 0)])  # nothing that tells

import re

from ocr_platform.outputs.pdf.codes import Codes, printable
from ocr_platform.outputs.pdf.font import USUAL


def _back(codes: Codes) -> dict[int, str]:
    """What the CMap says of each code."""
    pairs = re.findall(r"<([0-9A-F]{4})> <([0-9A-F]+)>", codes.to_unicode().decode())
    return {int(code, 16): bytes.fromhex(value).decode("utf-16-be") for code, value in pairs[1:]}


def test_every_character_leads_back_to_itself_also_beyond_the_first_plane() -> None:
    codes = Codes()
    text = "Grüße אב 中 \U00020000\U0001f600"

    shown = codes.encoded(text, USUAL)

    back = _back(codes)
    assert "".join(back[int(shown[at : at + 4], 16)] for at in range(0, len(shown), 4)) == text


def test_no_character_has_the_code_of_a_missing_glyph() -> None:
    codes = Codes()

    codes.encoded("abc", USUAL)

    assert 0 not in _back(codes)


def test_same_character_in_another_width_has_another_code() -> None:
    codes = Codes()

    assert codes.encoded("a", 1) != codes.encoded("a", 2)
    assert codes.encoded("a", 1) == codes.encoded("a", 1)
    assert codes.widths() == [1, 2]


def test_sections_of_the_table_are_no_longer_than_readers_take() -> None:
    codes = Codes()

    codes.encoded("".join(map(chr, range(0x4E00, 0x4E00 + 250))), USUAL)

    assert re.findall(rb"(\d+) beginbfchar", codes.to_unicode()) == [b"100", b"100", b"50"]


def test_document_with_more_characters_than_codes_keeps_those_that_came_first() -> None:
    codes = Codes()
    for plane in range(1, 5):
        for start in range(0, 0x10000, 0x1000):
            codes.encoded("".join(chr(plane * 0x10000 + start + each) for each in range(0x1000)), 3)

    assert len(codes) == 0xFFFF
    assert _back(codes)[1] == "\U00010000"
    assert "\ufffd" in _back(codes).values()
    assert len(codes.encoded("\U000e0000", 3)) == 4


def test_control_characters_are_not_shown_and_all_else_is() -> None:
    assert printable("a\tb\x7f\u200dc\n") == "ab\u200dc"

import io
import struct
from itertools import pairwise

from PIL import ImageFont

from ocr_platform.outputs.pdf.font import ASCENT, DESCENT, UNITS, USUAL, WIDTHS, font_program


def _tables() -> dict[bytes, tuple[int, bytes]]:
    """Checksum and bytes by tag."""
    font = font_program()
    (count,) = struct.unpack_from(">H", font, 4)
    entries = [struct.unpack_from(">4sIII", font, 12 + 16 * number) for number in range(count)]
    return {tag: (checksum, font[start : start + length]) for tag, checksum, start, length in entries}


def _sum(table: bytes) -> int:
    padded = table + bytes(-len(table) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF


def test_freetype_reads_it() -> None:
    font = ImageFont.truetype(io.BytesIO(font_program()), UNITS)

    assert font.getmetrics() == (ASCENT, -DESCENT)
    assert font.getlength(" ") == WIDTHS[USUAL]


def test_checksums_are_right() -> None:
    tables = _tables()
    head = bytearray(tables[b"head"][1])
    head[8:12] = bytes(4)

    assert all(_sum(table) == checksum for tag, (checksum, table) in tables.items() if tag != b"head")
    assert _sum(bytes(head)) == tables[b"head"][0]
    assert _sum(font_program()) == 0xB1B0AFBA


def test_each_width_has_a_glyph_whose_box_is_the_space_that_it_takes() -> None:
    tables = _tables()
    glyphs = tables[b"glyf"][1]
    starts = struct.unpack(f">{len(WIDTHS) + 2}H", tables[b"loca"][1])

    boxes = [struct.unpack_from(">hhhhh", glyphs, 2 * start) for start in starts[1:-1]]

    assert boxes == [(1, 0, DESCENT, width, ASCENT) for width in WIDTHS]


def test_widths_grow_by_steps_that_a_letter_hardly_shows() -> None:
    assert all(1.1 < wide / narrow < 1.2 for narrow, wide in pairwise(WIDTHS))
    assert WIDTHS[-1] > 7 * UNITS

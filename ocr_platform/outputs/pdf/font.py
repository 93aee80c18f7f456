"""A TrueType font of our own that shows nothing, written table by table.

Text that nobody sees needs no letters, and a viewer still asks for a font program: where one is embedded, no viewer
takes another font with other widths in its place. What counts is how wide a glyph is, since that is how far a viewer
marks what it found. So there is one glyph for each width, from very narrow to very wide, and every character can have
each of them. A glyph is a line without thickness from corner to corner of the space that it takes: its area is zero
and its bounding box, by which PDFium goes, is the whole space. Source of the tables: OpenType specification 1.9.1.
"""

import struct
from functools import cache

UNITS = 1000  # to the em
ASCENT, DESCENT = 780, -220  # together one em, so that a word's box is as high as its font is large
NAME = "OcrPlatformInvisible"
# Each 15 % wider than the one before, from a twentieth of an em to nearly eight. A word has its letters in two
# neighbouring widths, so that it is as long as it should be by a fraction of one letter.
_NARROWEST, _STEP, _WIDTHS = 50, 1.15, 37
WIDTHS = tuple(round(_NARROWEST * _STEP**step) for step in range(_WIDTHS))
USUAL = 17  # the index of about half an em

_GLYPHS = 1 + _WIDTHS  # .notdef goes first
_EPOCH = 2_082_844_800  # no date, the same bytes always: 1970 in seconds since 1904; readers take less for a mistake
_MAGIC, _CHECKSUM = 0x5F0F3CF5, 0xB1B0AFBA  # of the table `head`
_POST_WITHOUT_NAMES = 0x00030000
_NAMES = {1: NAME, 2: "Regular", 3: NAME, 4: NAME, 5: "Version 1.0", 6: NAME}


@cache
def font_program() -> bytes:
    """The font file: glyph n + 1 has the n-th width."""
    glyphs = [_glyph(width) for width in (WIDTHS[USUAL], *WIDTHS)]
    starts = [sum(map(len, glyphs[:index])) // 2 for index in range(_GLYPHS + 1)]
    tables = {
        b"OS/2": _os2(),
        b"cmap": _cmap(),
        b"glyf": b"".join(glyphs),
        b"head": _head(0),
        b"hhea": struct.pack(
            ">IhhhHhhhhhhhhhhhH", 0x10000, ASCENT, DESCENT, 0, WIDTHS[-1], 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, _GLYPHS
        ),
        b"hmtx": b"".join(struct.pack(">Hh", width, 0) for width in (WIDTHS[USUAL], *WIDTHS)),
        b"loca": struct.pack(f">{len(starts)}H", *starts),
        b"maxp": struct.pack(">IHHHHHHHHHHHHHH", 0x10000, _GLYPHS, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        b"name": _name(),
        b"post": struct.pack(">IIhhIIIII", _POST_WITHOUT_NAMES, 0, -100, 50, 1, 0, 0, 0, 0),
    }
    without = _file(tables)
    adjustment = (_CHECKSUM - _sum(without)) & 0xFFFFFFFF
    return without.replace(_head(0), _head(adjustment))


def _glyph(width: int) -> bytes:
    """A contour of two points (simple glyph, table `glyf`): from the lower left of its space to the upper right."""
    first = struct.pack(">hhhhhHHBB", 1, 0, DESCENT, width, ASCENT, 1, 0, 1, 1)
    # The last point of the contour is number 1; both are on the curve; coordinates are differences.
    return _padded(first + struct.pack(">hhhh", 0, width, DESCENT, ASCENT - DESCENT))


def _file(tables: dict[bytes, bytes]) -> bytes:
    """The table directory and the tables, each at a multiple of four bytes."""
    power = len(tables).bit_length() - 1
    search = 16 << power
    directory = struct.pack(">IHHHH", 0x10000, len(tables), search, power, 16 * len(tables) - search)
    body = b""
    start = len(directory) + 16 * len(tables)
    for tag, table in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag, _sum(table), start + len(body), len(table))
        body += _padded(table)
    return directory + body


def _sum(table: bytes) -> int:
    padded = _padded(table)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF


def _padded(table: bytes) -> bytes:
    return table + bytes(-len(table) % 4)


def _head(adjustment: int) -> bytes:
    return struct.pack(
        ">IIIIHHqqhhhhHHhhh",
        0x10000,
        0x10000,
        adjustment,
        _MAGIC,
        0b1011,  # baseline at 0, left bearing at 0, whole numbers of pixels
        UNITS,
        _EPOCH,
        _EPOCH,
        0,
        DESCENT,
        WIDTHS[-1],
        ASCENT,
        0,
        8,  # not legible below so many pixels
        2,
        0,  # short offsets in `loca`
        0,
    )


def _cmap() -> bytes:
    """Format 4, two segments: the space has a usual width, all else .notdef. What is shown goes by CIDToGIDMap."""
    segments = struct.pack(">HHHHHHHHHhHHH", 4, 4, 1, 0, 0x20, 0xFFFF, 0, 0x20, 0xFFFF, USUAL + 1 - 0x20, 1, 0, 0)
    return struct.pack(">HHHHI", 0, 1, 3, 1, 12) + struct.pack(">HHH", 4, len(segments) + 6, 0) + segments


def _name() -> bytes:
    """Names for Windows, in English (platform 3, encoding 1, language 0x409)."""
    records, strings = b"", b""
    for number, text in _NAMES.items():
        value = text.encode("utf-16-be")
        records += struct.pack(">HHHHHH", 3, 1, 0x409, number, len(value), len(strings))
        strings += value
    return struct.pack(">HHH", 0, len(_NAMES), 6 + len(records)) + records + strings


def _os2() -> bytes:
    """Version 4; embedding is allowed without limits (fsType 0)."""
    return struct.pack(
        ">HhHHHhhhhhhhhhhh10sIIII4sHHHhhhHHIIhhHHH",
        4,
        WIDTHS[USUAL],
        400,
        5,
        0,
        *(650, 600, 0, 75, 650, 600, 0, 350, 50, 300),  # sub- and superscripts, the line through
        0,
        bytes(10),
        *(1, 0, 0, 0),
        b"NONE",
        0x40,
        0x20,
        0x20,
        ASCENT,
        DESCENT,
        0,
        ASCENT,
        -DESCENT,
        *(1, 0),
        500,
        700,
        *(0, 0x20, 0),
    )

"""Codes of characters in the font of the text layer, and back to Unicode."""

import unicodedata

from ocr_platform.outputs.pdf.font import USUAL

# Codes count from 1: 0 is .notdef, which no conforming file may show (ISO 19005-2, 6.2.11.8).
_LAST = 0xFFFF
_SPARE = 8192
_UNKNOWN = "\ufffd"
_ENTRIES = 100  # of one section of a CMap (Adobe Technical Note 5014, "CMap and CIDFont Files Specification")

_HEAD = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
"""
_TAIL = """endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


class Codes:
    """Gives each character of a document, at each width, a code of two bytes, in the order in which they come.

    So every character of Unicode fits, also those beyond the first plane, and the tables have only what is used.
    """

    def __init__(self) -> None:
        self._codes: dict[tuple[str, int], int] = {}

    def __len__(self) -> int:
        """How many codes there are."""
        return len(self._codes)

    def encoded(self, text: str, width: int) -> str:
        """The codes of a text whose characters have the width of that index, in hexadecimal."""
        return "".join(f"{self._code(character, width):04X}" for character in text)

    def widths(self) -> list[int]:
        """The index of the width of each code, from the first code on."""
        return [width for _, width in self._codes]

    def to_unicode(self) -> bytes:
        """The CMap that leads from codes to Unicode (ISO 32000-1, 9.10.3)."""
        lines = [f"<{code:04X}> <{_utf16(character)}>" for (character, _), code in self._codes.items()]
        sections = [lines[start : start + _ENTRIES] for start in range(0, len(lines), _ENTRIES)]
        body = "".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar\n" for part in sections)
        return (_HEAD + body + _TAIL).encode("ascii")

    def _code(self, character: str, width: int) -> int:
        code = self._codes.get((character, width))
        if code is not None:
            return code
        left = _LAST - len(self._codes)
        if left <= _SPARE:  # beyond any document of people: widths are given up first, then characters
            width = USUAL
        if left <= 1:
            character = _UNKNOWN
        return self._codes.setdefault((character, width), len(self._codes) + 1)


def printable(text: str) -> str:
    """The text without control characters, which have no place on a page."""
    if text.isprintable():
        return text
    return "".join(character for character in text if unicodedata.category(character) not in {"Cc", "Cs"})


def _utf16(character: str) -> str:
    return character.encode("utf-16-be").hex().upper()

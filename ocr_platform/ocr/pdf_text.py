"""The text that a PDF page brings along: its words with their boxes, as PDFium finds them.

Text that is drawn inside form XObjects is there, what annotations show is not. PDFium tells lines and words apart by
the gaps between characters, puts ligatures into letters and right-to-left scripts into the order of reading.
"""

import codecs
import ctypes
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium_c

from ocr_platform.errors import PageDamaged
from ocr_platform.ocr.frame import Box, Frame

# Several times what the densest page of print has: more is no page, and each costs PDFium some 400 bytes of memory.
MAX_CHARACTERS = 100_000
MAX_WORDS = 20_000

# What PDFium says for a hyphen at the end of a line, and what documents have there.
_HYPHENS = "\x02\ufffe\u00ad"
_BLANKS = r"\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
_WORD = re.compile(rf"[^{_BLANKS}{_HYPHENS}]{{1,1000}}[{_HYPHENS}]?|[{_HYPHENS}]")
_PRINTED = str.maketrans(dict.fromkeys(_HYPHENS, "-"))
_decode = codecs.getdecoder("utf-16-le")  # found here: a sandbox can open no file to load it from
_LINE_ENDS = re.compile(r"[\r\n]")
_INVISIBLE = frozenset({3, 7})  # neither filled nor stroked (ISO 32000-1, table 106)
# What may be between neighbours in one word, in heights of the line: along it, and across. For ink, of which a full
# stop and the quotation mark behind it have most, and for letters with the space that belongs to each.
_INK_GAPS, _LETTER_GAPS = (0.25, 0.5), (0.12, 0.0)
# A word's ink that is so much higher than its line stands otherwise.
_TALL = 1.6
# So many words of a page are looked at closely.
_SAMPLES = 100
_SIDEWAYS = (90, 270)


class Piece(NamedTuple):
    """A word where it stands: the box of its ink, and `line`, which reaches from the top to the foot of its letters.

    `rotation` as in `models.Word`; pieces of the same `run` follow one another on one line.
    """

    text: str
    box: Box
    line: Box
    rotation: int
    run: int


@dataclass(slots=True)
class PageText:
    """All words of a page in the order of the document, and what tells whether they can be believed.

    `characters` counts all that PDFium found, `letters` those in words on the page, `beyond` those off it. Of words
    from all over the page, with `sampled` letters, `invisible` letters are not drawn, and of `tried` letters `unmapped`
    have a font that does not say what they mean.
    """

    characters: int = 0
    pieces: list[Piece] = field(default_factory=list)
    letters: int = 0
    beyond: int = 0
    sampled: int = 0
    invisible: int = 0
    tried: int = 0
    unmapped: int = 0


@contextmanager
def _opened(page: Any) -> Iterator[Any]:
    opened = pdfium_c.FPDFText_LoadPage(page)
    if not opened:
        raise PageDamaged
    try:
        yield opened
    finally:
        pdfium_c.FPDFText_ClosePage(opened)


def read_text(page: Any, frame: Frame) -> PageText:
    """Read a PDFium page. With too many characters or words there are no pieces. Raises PageDamaged."""
    with _opened(page) as opened:
        found = PageText(characters=max(0, pdfium_c.FPDFText_CountChars(opened)))
        if 0 < found.characters <= MAX_CHARACTERS:
            _Reading(opened, frame, found).read()
        if len(found.pieces) > MAX_WORDS:
            found.characters = MAX_CHARACTERS + 1
            found.pieces.clear()
    return found


class _Reading:
    """The words of one open text page. PDFium is asked twice a word and some times a line, not once a character."""

    def __init__(self, opened: Any, frame: Frame, found: PageText) -> None:
        self._opened = opened
        self._frame = frame
        self._found = found
        self._sides = tuple(ctypes.c_double() for _ in range(4))
        self._loose = pdfium_c.FS_RECTF()
        self._run = 0
        self._line: Box = (0.0, 0.0, 0.0, 0.0)
        self._rotation = 0

    def read(self) -> None:
        letters = _letters(self._opened, self._found.characters)
        words = [match.span() for match in _WORD.finditer(letters)]
        step = len(words) // _SAMPLES + 1
        end = 0
        opened, box_of = self._opened, self._frame.box
        count_rects, get_rect = pdfium_c.FPDFText_CountRects, pdfium_c.FPDFText_GetRect
        left, top, right, bottom = self._sides
        for number, (start, stop) in enumerate(words):
            if number == 0 or _LINE_ENDS.search(letters, end, start) or letters[end - 1] in _HYPHENS:
                self._begin_run(start)
            end = stop
            if number % step == 0:
                self._sample(start, stop)
            # A word that was drawn in one go, as most are, is asked about here and nowhere else.
            parts = count_rects(opened, start, stop - start)
            if parts == 1:
                get_rect(opened, 0, left, top, right, bottom)
                box = box_of(left.value, bottom.value, right.value, top.value)
                if self._leaves_line(box):
                    self._begin_run(start)
                self._add(letters[start:stop], box)
            elif parts:
                self._add_parts(letters, start, stop)

    def _add_parts(self, letters: str, start: int, stop: int) -> None:
        boxes = self._boxes(start, stop)
        parts = (
            self._parts(start, stop)
            if any(self._apart(one, other, _INK_GAPS) for one, other in pairwise(boxes))
            else iter([(start, stop)])
        )
        for first, last in parts:
            own = self._boxes(first, last)
            if not own:
                continue
            if self._leaves_line(own[0]):
                self._begin_run(first)
            self._add(letters[first:last], _around(own))

    def _begin_run(self, index: int) -> None:
        """Look at the line that begins here: how high it is, and which way up.

        PDFium's angle is clockwise, and of the page before it is turned.
        """
        self._run += 1
        self._line = self._loose_box(index) or self._line
        angle = pdfium_c.FPDFText_GetCharAngle(self._opened, index)
        self._rotation = 0 if angle < 0 else -(round(math.degrees(angle) / 90) * 90 + self._frame.turn) % 360

    def _leaves_line(self, box: Box) -> bool:
        """Whether a word is not on the line of the one before; PDFium does not say so of text that is turned."""
        left, top, right, bottom = box
        line_left, line_top, line_right, line_bottom = self._line
        if self._rotation in _SIDEWAYS:
            return right <= line_left or left >= line_right or right - left > _TALL * (line_right - line_left)
        return bottom <= line_top or top >= line_bottom or bottom - top > _TALL * (line_bottom - line_top)

    def _sample(self, start: int, end: int) -> None:
        """Look at how a word is drawn, and whether its font says what its first and its last letter mean."""
        found = self._found
        found.sampled += end - start
        for index in {start, end - 1}:
            found.tried += 1
            found.unmapped += pdfium_c.FPDFText_HasUnicodeMapError(self._opened, index) == 1
        drawn = pdfium_c.FPDFText_GetTextObject(self._opened, start)
        if drawn and pdfium_c.FPDFTextObj_GetTextRenderMode(drawn) in _INVISIBLE:
            found.invisible += end - start

    def _add(self, text: str, whole: Box) -> None:
        found = self._found
        box = self._frame.clipped(whole)
        if box is None:
            found.beyond += len(text)
            return
        left, top, right, bottom = box
        line_left, line_top, line_right, line_bottom = self._line
        if self._rotation in _SIDEWAYS:
            line = (min(left, line_left), top, max(right, line_right), bottom)
        else:
            line = (left, min(top, line_top), right, max(bottom, line_bottom))
        if not text.isascii() or "\x02" in text:
            text = text.translate(_PRINTED)
        found.letters += len(text)
        found.pieces.append(Piece(text, box, line, self._rotation, self._run))

    def _boxes(self, start: int, end: int) -> list[Box]:
        """What a run of characters covers, one box for each piece of it that was drawn in one go."""
        return [self._box(index) for index in range(pdfium_c.FPDFText_CountRects(self._opened, start, end - start))]

    def _box(self, index: int) -> Box:
        left, top, right, bottom = self._sides
        pdfium_c.FPDFText_GetRect(self._opened, index, left, top, right, bottom)
        return self._frame.box(left.value, bottom.value, right.value, top.value)

    def _apart(self, one: Box, other: Box, gaps: tuple[float, float]) -> bool:
        """Whether two parts that follow one another are no neighbours: `gaps` along the line, and across it."""
        left, top, right, bottom = self._line
        across = max(one[0], other[0]) - min(one[2], other[2])
        down = max(one[1], other[1]) - min(one[3], other[3])
        sideways = self._rotation in _SIDEWAYS
        height = right - left if sideways else bottom - top
        along, beside = (down, across) if sideways else (across, down)
        return along > gaps[0] * height or beside > gaps[1] * height

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """A word's parts: PDFium takes figures of neighbouring columns for one word when they are close enough.

        Looked at are letters with the space that belongs to each: in typewriter faces ink alone is far apart.
        """
        first, before = start, None
        for index in range(start, end):
            letter = self._loose_box(index)
            if letter is None:
                continue
            if before is not None and self._apart(before, letter, _LETTER_GAPS):
                yield first, index
                first = index
            before = letter
        yield first, end

    def _loose_box(self, index: int) -> Box | None:
        """A letter from the top to the foot of its line and with its space."""
        loose = self._loose
        if not pdfium_c.FPDFText_GetLooseCharBox(self._opened, index, ctypes.byref(loose)):
            return None
        return self._frame.box(loose.left, loose.bottom, loose.right, loose.top)


def _letters(opened: Any, count: int) -> str:
    """The page's characters, one for each that PDFium counts; what cannot be a character is U+FFFD."""
    buffer = ctypes.create_string_buffer(2 * (count + 1))
    units = pdfium_c.FPDFText_GetText(opened, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort))) - 1
    if units == count:
        text, _ = _decode(buffer.raw[: 2 * count], "replace")
        if len(text) == count:
            return text
    # Some of them have no letter, or letters are beyond 16 bits: one by one, so that places stay right.
    return "".join(_letter(pdfium_c.FPDFText_GetUnicode(opened, index)) for index in range(count))


def _letter(code: int) -> str:
    return chr(code) if code < 0xD800 or 0xDFFF < code <= 0x10FFFF else "\ufffd"  # noqa: PLR2004  surrogates


def _around(boxes: list[Box]) -> Box:
    if len(boxes) == 1:
        return boxes[0]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)

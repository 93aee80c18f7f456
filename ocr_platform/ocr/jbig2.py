"""Pages of a JBIG2 file (ITU-T T.88): its segments are put into a PDF a page, as PDFs hold them, for PDFium to draw.

Each page of such a PDF is as many points large as its picture has pixels.
"""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import pypdfium2 as pdfium

from ocr_platform.errors import DocumentDamaged, PageDamaged
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.pages import PageImage

_FILE_HEADER_BYTES = 9  # signature and flags; the number of pages follows where it is known
_SEQUENTIAL, _PAGES_UNKNOWN = 1, 2
_SHORT_REFERENCES = 4  # in the count's three bits; from 5 on a longer form has it
_LONG_FORM = 7
# Types of segments (7.3).
_PAGE_INFORMATION, _END_OF_PAGE, _END_OF_STRIPE, _END_OF_FILE = 48, 49, 50, 51
_GENERIC_REGION = 38
_UNKNOWN = 0xFFFFFFFF
_METRES_PER_INCH = 0.0254
_PLAUSIBLE_DPI = range(97, 2401)
_MOST_SEGMENTS = 100_000


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment: its header as the file has it, where its page stands in that, and where its data lie."""

    kind: int
    page: int
    head: bytes
    page_at: int
    page_bytes: int
    length: int
    start: int = 0

    def body(self, data: bytes) -> bytes:
        """Header and data for a file of its own, in which every page is the first."""
        page = min(self.page, 1).to_bytes(self.page_bytes, "big")
        head = self.head[: self.page_at] + page + self.head[self.page_at + self.page_bytes : -4]
        return head + self.length.to_bytes(4, "big") + data[self.start : self.start + self.length]


class Jbig2Pages:
    """Pages of a JBIG2 file. Every segment's header is gone through when it is opened, and nothing unpacked."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._data: bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # type: ignore[assignment]
        self._limits = limits
        try:
            self._segments = list(_segments(self._data))
        except (struct.error, IndexError, ValueError) as exc:
            raise DocumentDamaged from exc
        found = {segment.page: None for segment in self._segments if segment.kind == _PAGE_INFORMATION}
        self._numbers = sorted(found)
        if not self._numbers:
            raise DocumentDamaged

    def count(self) -> int:
        """Pages that say how large they are."""
        return self._limits.count(self._pixels(number) for number in self._numbers)

    def render(self, number: int) -> PageImage:
        """A page in black and white, as grey."""
        if not 1 <= number <= len(self._numbers):
            raise PageDamaged
        page = self._numbers[number - 1]
        try:
            width, height, dpi = self._measures(page)
        except struct.error as exc:
            raise PageDamaged from exc
        if not width or not height:
            raise PageDamaged
        self._limits.require_page(width, height)
        try:
            with pdfium.PdfDocument(_pdf(self._of(0), self._of(page), width, height)) as document:
                image = document[0].render(scale=1, grayscale=True).to_pil().convert("L")
        except (pdfium.PdfiumError, ValueError) as exc:
            raise PageDamaged from exc
        return PageImage(image, dpi)

    def _pixels(self, page: int) -> int:
        try:
            width, height, _dpi = self._measures(page)
        except struct.error:
            return 0
        return width * height

    def _measures(self, page: int) -> tuple[int, int, int]:
        """Width and height in pixels (7.4.8), and the resolution, 0 where none is told. Raises struct.error."""
        width = height = across = last = 0
        for segment in self._segments:
            if segment.page != page:
                continue
            if segment.kind == _PAGE_INFORMATION:
                width, height, across = struct.unpack_from(">3I", self._data, segment.start)
            elif segment.kind == _END_OF_STRIPE:
                last = struct.unpack_from(">I", self._data, segment.start)[0] + 1
        dpi = round(across * _METRES_PER_INCH)
        return width, last if height == _UNKNOWN else height, dpi if dpi in _PLAUSIBLE_DPI else 0

    def _of(self, page: int) -> bytes:
        """What belongs to a page, or with 0 to all of them, without what ends pages and files."""
        left_out = (_END_OF_PAGE, _END_OF_FILE)
        return b"".join(
            segment.body(self._data)
            for segment in self._segments
            if segment.page == page and segment.kind not in left_out
        )


def _segments(data: bytes) -> Iterator[_Segment]:
    """All segments, with their data behind each or behind the last header. Raises struct.error, ValueError."""
    flags = data[_FILE_HEADER_BYTES - 1]
    at = _FILE_HEADER_BYTES + (0 if flags & _PAGES_UNKNOWN else 4)
    waiting: list[_Segment] = []
    for _count in range(_MOST_SEGMENTS):
        if at >= len(data):
            break
        segment = _header(data, at)
        at += len(segment.head)
        if flags & _SEQUENTIAL:
            found = _placed(data, segment, at)
            yield found
            at = found.start + found.length
        else:
            waiting.append(segment)
        if segment.kind == _END_OF_FILE:
            break
    for segment in waiting:
        found = _placed(data, segment, at)
        yield found
        at = found.start + found.length


def _header(data: bytes, at: int) -> _Segment:
    """A segment's header (7.2). Raises struct.error, IndexError, ValueError."""
    number, flags, count = struct.unpack_from(">IBB", data, at)
    end = at + 5
    references = count >> 5
    if references == _LONG_FORM:
        references = struct.unpack_from(">I", data, end)[0] & 0x1FFFFFFF
        end += 4 + (references + 8) // 8
    elif references > _SHORT_REFERENCES:
        raise ValueError("references")
    else:
        end += 1
    end += references * (1 if number <= 256 else 2 if number <= 65536 else 4)  # noqa: PLR2004  7.2.5
    page_bytes = 4 if flags & 0x40 else 1
    page_at = end - at
    page = int.from_bytes(data[end : end + page_bytes], "big")
    end += page_bytes
    (length,) = struct.unpack_from(">I", data, end)
    return _Segment(flags & 0x3F, page, bytes(data[at : end + 4]), page_at, page_bytes, length)


def _placed(data: bytes, segment: _Segment, start: int) -> _Segment:
    """The segment with the place of its data; a generic region may leave open how long it is (7.2.7)."""
    length = segment.length
    if length == _UNKNOWN:
        if segment.kind != _GENERIC_REGION:
            raise ValueError("length")
        packed_by_mmr = data[start + 17] & 1
        end = data.find(b"\x00\x00" if packed_by_mmr else b"\xff\xac", start + 18)
        if end < 0:
            raise ValueError("length")
        length = end + 2 + 4 - start  # the two bytes, and how many rows there were
    if start + length > len(data):
        length = len(data) - start  # cut off: what is there is drawn
    return replace(segment, start=start, length=length)


def _pdf(shared: bytes, page: bytes, width: int, height: int) -> bytes:
    """A PDF with one page, which the picture fills."""
    content = b"q %d 0 0 %d 0 0 cm /I Do Q" % (width, height)
    picture = b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 1"
    filters = b" /Filter /JBIG2Decode /DecodeParms << /JBIG2Globals 6 0 R >>" if shared else b" /Filter /JBIG2Decode"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R" % (width, height)
        + b" /Resources << /XObject << /I 5 0 R >> >> >>",
        _stream(b"<<", content),
        _stream(picture % (width, height) + filters, page),
        _stream(b"<<", shared),
    ]
    out = bytearray(b"%PDF-1.5\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _stream(dictionary: bytes, data: bytes) -> bytes:
    return b"%s /Length %d >>\nstream\n%s\nendstream" % (dictionary, len(data), data)

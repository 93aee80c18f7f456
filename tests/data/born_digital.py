"""PDFs that bring their text along, sound and garbled, made without a library: every byte of them is known.

Fonts are the standard ones that every reader has, so that pages look right whatever their text says.
"""

from __future__ import annotations

import io
import random
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image

A4 = (595, 842)


@dataclass(frozen=True)
class Page:
    """Content as PDF operators; `attributes` are further entries of the page, `images` are named /I1, /I2, …"""

    content: bytes
    attributes: bytes = b""
    size: tuple[int, int] = A4
    images: Sequence[Image.Image] = field(default=())


def text(
    lines: Sequence[str],
    left: float = 72,
    top: float = 770,
    *,
    font: str = "Sound",
    size: float = 11,
    leading: float = 14,
    mode: int = 0,
    matrix: str = "1 0 0 1",
) -> bytes:
    """Lines of text as operators; `mode` is the render mode, `matrix` turns what is written."""
    shown = b"\n".join(b"(%s) Tj T*" % _escaped(line) for line in lines)
    place = f"{matrix} {left} {top} Tm".encode()
    return b"BT /%s %g Tf %g TL %d Tr %s\n%s\nET\n" % (font.encode(), size, leading, mode, place, shown)


def picture(name: str, left: float, bottom: float, width: float, height: float) -> bytes:
    """An image of the page, drawn there."""
    return b"q %g 0 0 %g %g %g cm /%s Do Q\n" % (width, height, left, bottom, name.encode())


def pdf(pages: Sequence[Page], further: Sequence[bytes] = ()) -> bytes:
    """A PDF of these pages; `further` objects are numbered from 20."""
    objects: dict[int, bytes] = {1: b"<< /Type /Catalog /Pages 2 0 R >>", **_fonts()}
    objects |= {20 + number: body for number, body in enumerate(further)}
    number = 100
    kids = []
    for page in pages:
        images = b""
        for index, image in enumerate(page.images, 1):
            objects[number] = _image(image)
            images += b"/I%d %d 0 R " % (index, number)
            number += 1
        objects[number] = _stream(page.content)
        objects[number + 1] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R %s /Resources << /Font "
            b"<< /Sound 3 0 R /Serif 4 0 R /Shuffled 5 0 R /Private 6 0 R /Nameless 7 0 R >> /XObject << %s >> >> >>"
            % (*page.size, number, page.attributes, images)
        )
        kids.append(b"%d 0 R" % (number + 1))
        number += 2
    objects[2] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    return _file(objects)


def shuffled(letters: str, seed: int = 1) -> str:
    """What the font /Shuffled says that it shows where it shows `letters`."""
    return letters.translate(_permutation(seed))


def _permutation(seed: int = 1) -> dict[int, str]:
    mixed = list(string.ascii_lowercase)
    random.Random(seed).shuffle(mixed)
    pairs = dict(zip(string.ascii_lowercase, mixed, strict=True))
    return {ord(key): value for key, value in pairs.items()} | {
        ord(key.upper()): value.upper() for key, value in pairs.items()
    }


def _fonts() -> dict[int, bytes]:
    """Five fonts: two sound ones, one whose letters are mixed up, one in private use, one that has no letters."""
    mixed = {code: ord(letter) for code, letter in _permutation().items()}
    private = {ord(letter): 0xE000 + ord(letter) for letter in string.printable if letter > " "}
    boxes = b" ".join(b"/g%d 10 0 R" % code for code in range(33, 127))
    names = b" ".join(b"/g%d" % code for code in range(33, 127))
    return {
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        4: b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>",
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 8 0 R >>",
        6: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 9 0 R >>",
        7: b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 500 700] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 33 "
        b"/LastChar 126 /Widths [%s] /CharProcs << %s >> /Encoding << /Type /Encoding /Differences [33 %s] >> >>"
        % (b"500 " * 94, boxes, names),
        8: _stream(_to_unicode(mixed)),
        9: _stream(_to_unicode(private)),
        10: _stream(b"500 0 0 0 500 700 d1 50 0 400 700 re f"),
    }


def _to_unicode(codes: dict[int, int]) -> bytes:
    """A CMap from codes of one byte to characters (ISO 32000-1, 9.10.3), in runs of at most 100."""
    pairs = [f"<{code:02X}> <{letter:04X}>" for code, letter in sorted(codes.items())]
    runs = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    body = "\n".join(f"{len(run)} beginbfchar\n" + "\n".join(run) + "\nendbfchar" for run in runs)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Own def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <FF> endcodespacerange\n{body}\nendcmap end end"
    ).encode()


def _escaped(line: str) -> bytes:
    body = line.encode("cp1252")
    for special in (b"\\", b"(", b")"):
        body = body.replace(special, b"\\" + special)
    return body


def _stream(body: bytes, entries: bytes = b"") -> bytes:
    packed = zlib.compress(body)
    return b"<< %s /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (entries, len(packed), packed)


def _image(image: Image.Image) -> bytes:
    grey = image.convert("L")
    entries = b"/Type /XObject /Subtype /Image /ColorSpace /DeviceGray /BitsPerComponent 8 /Width %d /Height %d"
    return _stream(grey.tobytes(), entries % grey.size)


def _file(objects: dict[int, bytes]) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    last = max(objects) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % last)
    for number in range(1, last):
        out.write(b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n")
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (last, start))
    return out.getvalue()

"""A document's format by its first bytes; its name and its declared type are never believed."""

import re

from ocr_platform.models import DocumentFormat

HEAD_BYTES = 1024

_MAGIC = (
    (b"II*\x00", DocumentFormat.TIFF),
    (b"MM\x00*", DocumentFormat.TIFF),
    (b"II+\x00", DocumentFormat.TIFF),  # BigTIFF
    (b"MM\x00+", DocumentFormat.TIFF),
    (b"\x89PNG\r\n\x1a\n", DocumentFormat.PNG),
    (b"\xff\xd8\xff", DocumentFormat.JPEG),
    (b"GIF87a", DocumentFormat.GIF),
    (b"GIF89a", DocumentFormat.GIF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", DocumentFormat.JPEG2000),  # the boxes of JP2 and JPX
    (b"\xff\x4f\xff\x51", DocumentFormat.JPEG2000),  # a bare codestream
    (b"\x97JB2\r\n\x1a\n", DocumentFormat.JBIG2),
)
# P1 to P6, and white space or a comment after it (netpbm's manual pages pbm(5), pgm(5), ppm(5)).
_PNM = re.compile(rb"P[1-6][ \t\r\n#]")
# Sizes that the second header of a BMP may have: its version (OS/2 1 and 2, Windows 3, 4 and 5).
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
# Brands of ISO base media files (ISO/IEC 23008-12, annex B; AV1 Image File Format, section 6). Those of the container
# alone say nothing of what is in it, but for HEVC's long time as the only one.
_AVIF = frozenset({b"avif", b"avis"})
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_CONTAINERS = frozenset({b"mif1", b"mif2", b"msf1"})
_BRAND = 4


def sniff(head: bytes) -> DocumentFormat | None:
    """The format of a document that starts with `head` (HEAD_BYTES are enough); None when it is of no known kind."""
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return DocumentFormat.WEBP
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return DocumentFormat.BMP
    if _PNM.match(head):
        return DocumentFormat.PNM
    # Readers accept a PDF header anywhere in the first 1024 bytes (ISO 32000-1, annex H, implementation note 13).
    return DocumentFormat.PDF if b"%PDF-" in head[:HEAD_BYTES] else None


def _by_brand(head: bytes) -> DocumentFormat | None:
    """The major brand tells, or else those that the file is compatible with."""
    box = head[8 : min(int.from_bytes(head[:4], "big"), HEAD_BYTES)]
    brands = [box[at : at + _BRAND] for at in range(0, len(box), _BRAND)]
    major, compatible = brands[:1], brands[2:]  # between them stands a version
    for brand in (*major, *compatible):
        if brand in _AVIF:
            return DocumentFormat.AVIF
        if brand in _HEIC:
            return DocumentFormat.HEIC
    return DocumentFormat.HEIC if _CONTAINERS.intersection(major) else None

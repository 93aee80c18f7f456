"""Files that the service has to refuse, or to survive: damaged, locked, oversized, of the wrong kind."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Sequence

from PIL import Image

from tests.data.pages import black_and_white, scan_page, tiff_bytes

BOMB_PIXELS = 30_000  # on each side
MANY_PAGES = 2_500
PASSWORD = "open-sesame"  # opens password.pdf

# Made once by pikepdf.Encryption(user=PASSWORD, owner="not-for-readers", R=6): it draws its keys and
# salts at random and takes no seed, so `password.pdf` carries one draw.  It is AES-256 (V 5, R 6), which
# encrypts strings and streams alone; CONTENT, the drawing of one line of text, is the only one there.
_ENCRYPTION = b"""<< /Filter /Standard /V 5 /R 6 /Length 256 /P -1028
/CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV3 /Length 32 >> >> /StmF /StdCF /StrF /StdCF
/O <4b00072a7e4ae20bf3dc576e9924c88d92280a424c1430b638c35cd5de9bc7ad7760198f7ea2f5f216ff6db35c2171c1>
/U <d8e55d6cd24c999174a856beb00fc90a60a4851cb143087a08687056642a5871b2610f8b23ac222757266215354df5db>
/OE <d26b066c01c45ad17bc1b0f96fb2ff560659ddea5790ecc2a71f55a3ddd2ab8f>
/UE <19efaccb1d967fe8cfb785f08b378c96e0f345639d82d38fbf746ac744a20fb9>
/Perms <af723ca1e7f6077f5d966a5f35c83655> >>"""
_CONTENT = bytes.fromhex(
    "8a2d7ce19c749146bd0814d50c7f2888c52aaee627cb50436e3ef4b83fec1bdea7d7461ffff193f2"
    "10304369b642ed5182d5c2fcdcf5fb715bdda22aec0a6b3e4fa3236cb4b4f7674586aa5ca6db8771"
    "f6f647f41f6d730929c8a3675f3c88fbca293e90d1f341e0d180f878e240f88d"
)

_DOCX_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="word/document.xml" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/officeDocument"/></Relationships>',
    "word/document.xml": '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body><w:p><w:r><w:t>Not a scan.</w:t></w:r></w:p></w:body></w:document>",
}


def damaged_pdf() -> bytes:
    """A PDF header, then noise: not one object in it, so no reader can rebuild anything."""
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + _noise(20_000, "damaged.pdf")


def damaged_png() -> bytes:
    """A PNG that opens and tells its size, but whose image data isn't zlib data: loading it fails."""
    header = struct.pack(">IIBBBBB", 2480, 3508, 8, 0, 0, 0, 0)
    return _png([(b"IHDR", header), (b"IDAT", _noise(20_000, "damaged.png")), (b"IEND", b"")])


def damaged_jpg() -> bytes:
    """A JFIF header, then noise without any frame header: it doesn't even open."""
    jfif = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x01\x00\xc8\x00\xc8\x00\x00"
    return jfif + _noise(20_000, "damaged.jpg").replace(b"\xff", b"\x00")


def damaged_tif() -> bytes:
    """A TIFF that opens, with one page, every strip of which is noise: loading it fails."""
    page = black_and_white(scan_page("Nobody should ever read this.", noise=0.05))
    return _with_noise_in_frame(tiff_bytes([page], (300, 300), "tiff_deflate"), 0)


def one_bad_page_tif(texts: Sequence[str]) -> bytes:
    """A TIFF of 1-bit pages of which only the second can't be decoded."""
    pages = [black_and_white(scan_page(text, noise=0.05, seed=41 + i)) for i, text in enumerate(texts)]
    return _with_noise_in_frame(tiff_bytes(pages, (300, 300), "tiff_deflate"), 1)


def bomb_png() -> bytes:
    """A flawless black PNG of 900 million pixels in about 110 KB: zlib can't do better than 1 to 1032."""
    row = bytes(1 + BOMB_PIXELS // 8)  # filter type "none", then black 1-bit pixels
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row * 100) for _ in range(BOMB_PIXELS // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", BOMB_PIXELS, BOMB_PIXELS, 1, 0, 0, 0, 0)
    return _png([(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")])


def many_pages_pdf() -> bytes:
    """A PDF of 2,500 blank pages of one square inch, in about 190 KB."""
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 3 + MANY_PAGES))
    tree = b"<< /Type /Pages /Count %d /MediaBox [0 0 72 72] /Resources << >> /Kids [%s] >>" % (
        MANY_PAGES,
        kids,
    )
    catalog = b"<< /Type /Catalog /Pages 2 0 R >>"
    return _pdf([catalog, tree] + [b"<< /Type /Page /Parent 2 0 R >>"] * MANY_PAGES)


def password_pdf() -> bytes:
    """A PDF of one A4 page which nobody reads without `PASSWORD`."""
    return _pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /MediaBox [0 0 595 842] /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 6 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(_CONTENT), _CONTENT),
            _ENCRYPTION,
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ],
        trailer=b"/Encrypt 5 0 R /ID [<%s> <%s>]" % (b"5a" * 16, b"5a" * 16),
    )


def unsupported_docx() -> bytes:
    """A word processor's file of one line."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in _DOCX_PARTS.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # a bare ZipInfo is dated 1980, always
    return out.getvalue()


def notes_txt() -> bytes:
    """Plain text, which needs no OCR."""
    return b"Call the museum about the boxes in the cellar.\nBring the labels.\n"


def _noise(size: int, seed: str) -> bytes:
    return random.Random(seed).randbytes(size)


def _png(chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A PNG of these (type, data) chunks, with lengths and check sums that hold."""
    out = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        out += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return out


def _pdf(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first one is the catalog."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    table = b"0000000000 65535 f \n"
    for number, body in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size, start = len(objects) + 1, len(out)
    out += b"xref\n0 %d\n%strailer\n<< /Size %d /Root 1 0 R %s >>\n" % (size, table, size, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _with_noise_in_frame(tiff: bytes, frame: int) -> bytes:
    """The TIFF with noise in place of all the image data of one frame."""
    with Image.open(io.BytesIO(tiff)) as image:
        image.seek(frame)
        tags = image.tag_v2  # type: ignore[attr-defined]
        strips = list(zip(tags[273], tags[279], strict=True))  # StripOffsets, StripByteCounts
    spoilt = bytearray(tiff)
    for offset, size in strips:
        # zlib data can't begin with 0xFF, so the decoder stops at the first byte of each strip
        spoilt[offset : offset + size] = b"\xff" + _noise(size - 1, f"strip at {offset}")
    return bytes(spoilt)

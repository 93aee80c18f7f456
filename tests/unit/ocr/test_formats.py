import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.formats import HEAD_BYTES, sniff
from ocr_platform.sandbox.samples import samples


def _ftyp(major: bytes, *compatible: bytes) -> bytes:
    """The first box of an ISO base media file: its size, its name, the major brand, a version, and other brands."""
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return (4 + len(body)).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (b"%PDF-1.4", DocumentFormat.PDF),
        (b"\xef\xbb\xbf%PDF-1.4", DocumentFormat.PDF),
        (b"junk before the header\n%PDF-2.0", DocumentFormat.PDF),
        (bytes(HEAD_BYTES - 5) + b"%PDF-", DocumentFormat.PDF),
        (b"II*\x00rest", DocumentFormat.TIFF),
        (b"MM\x00*rest", DocumentFormat.TIFF),
        (b"II+\x00rest", DocumentFormat.TIFF),
        (b"MM\x00+rest", DocumentFormat.TIFF),
        (b"\x89PNG\r\n\x1a\nrest", DocumentFormat.PNG),
        (b"\xff\xd8\xff\xe1rest", DocumentFormat.JPEG),
        (b"GIF87arest", DocumentFormat.GIF),
        (b"GIF89arest", DocumentFormat.GIF),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", DocumentFormat.WEBP),
        (b"BM" + bytes(12) + b"\x28\x00\x00\x00", DocumentFormat.BMP),
        (b"BM" + bytes(12) + b"\x0c\x00\x00\x00", DocumentFormat.BMP),
        (b"P1\n# a comment\n8 8", DocumentFormat.PNM),
        (b"P6 8 8 255\n", DocumentFormat.PNM),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", DocumentFormat.JPEG2000),
        (b"\xff\x4f\xff\x51\x00\x29", DocumentFormat.JPEG2000),
        (b"\x97JB2\r\n\x1a\n\x01", DocumentFormat.JBIG2),
        (_ftyp(b"heic"), DocumentFormat.HEIC),
        (_ftyp(b"avif", b"mif1"), DocumentFormat.AVIF),
        (_ftyp(b"mif1", b"miaf", b"heix"), DocumentFormat.HEIC),
        (_ftyp(b"mif1", b"miaf", b"avif"), DocumentFormat.AVIF),
        (_ftyp(b"mif1"), DocumentFormat.HEIC),
        (_ftyp(b"msf1", b"hevc"), DocumentFormat.HEIC),
        (_ftyp(b"avis", b"avif"), DocumentFormat.AVIF),
    ],
)
def test_format_is_told_by_the_first_bytes(head: bytes, format: DocumentFormat) -> None:
    assert sniff(head) is format


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"%PDF",
        b"%pdf-1.4",
        bytes(HEAD_BYTES) + b"%PDF-1.4",
        b"PK\x03\x04word/document.xml",
        b"GIF88a",
        b"RIFF....WAVE",
        b"BMW is a car",
        b"P7\nWIDTH 8",
        b"P1x",
        _ftyp(b"isom", b"mp42"),
        _ftyp(b"isom") + b"heic",
        b"\x00\x00\x00\x0cjP  ",
        b"%!PS-Adobe-3.0",
        b"\x89PNG",
        b"II*",
        b"<svg/>",
    ],
)
def test_everything_else_is_of_no_known_format(head: bytes) -> None:
    assert sniff(head) is None


def test_image_with_a_pdf_header_in_its_comment_stays_an_image() -> None:
    assert sniff(b"\xff\xd8\xff\xfe\x00\x0a%PDF-1.4") is DocumentFormat.JPEG


@pytest.mark.parametrize(("format", "body"), list(samples()))
def test_files_of_every_format_are_told(format: DocumentFormat, body: bytes) -> None:
    assert sniff(body) is format


@given(st.binary(max_size=2 * HEAD_BYTES))
def test_any_bytes_have_an_answer(head: bytes) -> None:
    assert sniff(head) in {None, *DocumentFormat}

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.formats import HEAD_BYTES, sniff


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
        b"GIF89a",
        b"RIFF....WEBP",
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


@pytest.mark.parametrize("format", [DocumentFormat.TIFF, DocumentFormat.PNG, DocumentFormat.JPEG, DocumentFormat.PDF])
def test_files_that_pillow_writes_are_told(format: DocumentFormat) -> None:
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, format.upper())

    assert sniff(out.getvalue()) is format


@given(st.binary(max_size=2 * HEAD_BYTES))
def test_any_bytes_have_an_answer(head: bytes) -> None:
    assert sniff(head) in {None, *DocumentFormat}

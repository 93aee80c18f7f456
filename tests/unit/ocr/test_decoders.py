"""Formats that Pillow and its plugins decode: sizes first, turned as they should be, without threads."""

import io
import struct
from typing import Any

import pytest
from PIL import Image

from ocr_platform.errors import (
    DocumentDamaged,
    FormatUnsupported,
    PageDamaged,
    PageError,
    PageTooLarge,
    PageUnsupported,
)
from ocr_platform.models import DocumentFormat
from ocr_platform.ocr import decoders
from ocr_platform.ocr.images import ImagePages
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.unthreaded import decode_without_threads
from ocr_platform.sandbox.samples import samples
from tests.unit.ocr.support import limits

IMAGES = [(kind, body) for kind, body in samples() if kind not in (DocumentFormat.PDF, DocumentFormat.JBIG2)]
ONE_OF_EACH = pytest.mark.parametrize(("format", "body"), IMAGES, ids=[kind for kind, _body in IMAGES])
_PILLOW = {DocumentFormat.PNM: "PPM"}


def _opened(body: bytes, format: DocumentFormat, bounds: Limits | None = None) -> ImagePages:
    return ImagePages(io.BytesIO(body), format, bounds or limits())


def _saved(image: Image.Image, format: DocumentFormat, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, _PILLOW.get(format, format.upper()), **options)
    return out.getvalue()


@ONE_OF_EACH
def test_page_of_every_format_is_counted_and_rendered_more_than_once(format: DocumentFormat, body: bytes) -> None:
    pages = _opened(body, format)

    assert pages.count() == 1
    first, second = pages.render(1).image, pages.render(1).image
    assert first.size == second.size
    assert first.getextrema()[1] > 250  # type: ignore[operator]


@ONE_OF_EACH
def test_page_beyond_the_last_is_damaged(format: DocumentFormat, body: bytes) -> None:
    with pytest.raises(PageDamaged):
        _opened(body, format).render(2)


@ONE_OF_EACH
def test_declared_size_is_refused_whatever_the_format(format: DocumentFormat, body: bytes) -> None:
    # Given limits that are below the smallest of these pictures but one
    if Image.open(io.BytesIO(body)).size == (1, 1) if format is not DocumentFormat.HEIC else False:
        pytest.skip("of one pixel")
    pages = _opened(body, format, limits(max_pixels=1000))

    assert pages.count() == 1
    with pytest.raises(PageTooLarge):
        pages.render(1)


def _vp8x(width: int, height: int) -> bytes:
    """A WebP with a canvas of this size and nothing on it."""
    chunk = (
        b"VP8X" + struct.pack("<IB3x", 10, 2) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )
    body = b"WEBP" + chunk + b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_canvas_of_a_webp_is_refused_before_there_is_memory_for_it() -> None:
    # Its decoder asks for the whole canvas, twice, as soon as it sees the header
    pages = _opened(_vp8x(16_000, 16_000), DocumentFormat.WEBP)

    assert pages.count() == 1
    with pytest.raises(PageTooLarge):
        pages.render(1)


@pytest.mark.parametrize(
    ("format", "body"),
    [
        pytest.param(
            DocumentFormat.JPEG2000,
            b"\xff\x4f\xff\x51"
            + struct.pack(">HHIIIIIIIIHBBB", 41, 0, 60_000, 60_000, 0, 0, 60_000, 60_000, 0, 0, 1, 7, 1, 1),
            id="jpeg2000",
        ),
        pytest.param(DocumentFormat.PNM, b"P5 60000 60000 255\n", id="pnm"),
        pytest.param(DocumentFormat.PNM, b"P1 60000 60000\n", id="plain pnm"),
        pytest.param(
            DocumentFormat.BMP,
            b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 60_000, 60_000, 1, 1, 0, 0, 0, 0, 0, 0),
            id="bmp",
        ),
        pytest.param(DocumentFormat.GIF, b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0, 0, 0) + b",", id="gif"),
    ],
)
def test_header_that_promises_too_much_is_refused_or_damaged(format: DocumentFormat, body: bytes) -> None:
    with pytest.raises((PageTooLarge, DocumentDamaged)):
        _opened(body, format).render(1)


@pytest.mark.parametrize(
    "format",
    [DocumentFormat.JPEG, DocumentFormat.PNG, DocumentFormat.TIFF, DocumentFormat.WEBP, DocumentFormat.AVIF],
    ids=str,
)
@pytest.mark.parametrize("turned", range(1, 9))
def test_picture_stands_as_its_camera_was_held(format: DocumentFormat, turned: int) -> None:
    # Given a picture with a black corner, and where that is after each of EXIF's ways to turn it
    image = Image.new("L", (64, 32), 255)
    image.paste(0, (0, 0, 16, 8))
    exif = Image.Exif()
    exif[0x0112] = turned
    right, low = turned in (2, 3, 6, 7), turned in (3, 4, 7, 8)

    page = _opened(_saved(image, format, exif=exif), format).render(1).image

    assert page.size == ((64, 32) if turned < 5 else (32, 64))
    corner = ((page.width - 3 if right else 2), (page.height - 3 if low else 2))
    assert page.getpixel(corner) < 60  # type: ignore[operator]
    assert page.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)) > 200  # type: ignore[operator]


def test_note_about_an_avif_does_not_turn_it() -> None:
    # Given XMP that says upside down: only the container counts
    note = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="3"/></x:xmpmeta>'
    image = Image.new("L", (64, 32), 255)
    image.paste(0, (0, 0, 16, 8))

    page = _opened(_saved(image, DocumentFormat.AVIF, xmp=note), DocumentFormat.AVIF).render(1).image

    assert page.getpixel((3, 3)) < 60  # type: ignore[operator]


@pytest.mark.parametrize("format", [DocumentFormat.GIF, DocumentFormat.WEBP, DocumentFormat.AVIF], ids=str)
def test_what_moves_has_the_picture_that_it_begins_with(format: DocumentFormat) -> None:
    frames = [Image.new("L", (32, 32), level) for level in (10, 120, 240)]

    pages = _opened(_saved(frames[0], format, save_all=True, append_images=frames[1:], duration=100), format)

    assert pages.count() == 1
    assert pages.render(1).image.getextrema()[1] < 40  # type: ignore[operator]


def test_picture_of_two_in_a_jpeg_is_the_first() -> None:
    frames = [Image.new("L", (64, 32), 10), Image.new("L", (16, 16), 240)]
    out = io.BytesIO()
    frames[0].save(out, "MPO", save_all=True, append_images=frames[1:])

    pages = _opened(out.getvalue(), DocumentFormat.JPEG)

    assert pages.count() == 1
    assert pages.render(1).image.size == (64, 32)


@pytest.mark.parametrize("body", [b"P2 3 1 255 0 128 255", b"P5 3 1 255\n\x00\x80\xff", b"P2 3 1 4095\n0 2056 4095"])
def test_grey_of_pnm_plain_and_raw(body: bytes) -> None:
    assert list(_opened(body, DocumentFormat.PNM).render(1).image.tobytes()) == pytest.approx([0, 128, 255], abs=1)


@pytest.mark.parametrize("body", [b"P1 3 1 0 1 0", b"P4 3 1\n\x40"])
def test_black_and_white_of_pnm_plain_and_raw(body: bytes) -> None:
    image = _opened(body, DocumentFormat.PNM).render(1).image

    assert [image.getpixel((x, 0)) for x in range(3)] == [255, 0, 255]


def test_sixteen_bits_that_use_only_twelve_are_scaled_by_these() -> None:
    image = Image.new("I;16", (3, 1))
    for x, level in enumerate((0, 2048, 4095)):
        image.putpixel((x, 0), level)

    found = _opened(_saved(image, DocumentFormat.PNG), DocumentFormat.PNG).render(1).image

    assert list(found.tobytes()) == pytest.approx([0, 128, 255], abs=1)


def test_picture_that_is_transparent_throughout_is_seen_all_the_same() -> None:
    image = Image.new("RGBA", (2, 1), (255, 255, 255, 0))
    image.putpixel((0, 0), (0, 0, 0, 0))

    found = _opened(_saved(image, DocumentFormat.PNG), DocumentFormat.PNG).render(1).image

    assert list(found.tobytes()) == [0, 255]


@pytest.mark.parametrize("mode", ["LAB", "YCbCr"])
def test_colours_by_lightness_keep_it(mode: str) -> None:
    image = Image.new(mode, (8, 8), (200, 128, 128))

    found = _opened(_saved(image, DocumentFormat.TIFF), DocumentFormat.TIFF).render(1).image

    assert found.getextrema() == pytest.approx((200, 200), abs=2)


def test_way_to_the_function_that_starts_threads_is_found_in_libheif() -> None:
    # Whether it is closed shows in a sandbox, where a thread that is started ends the process
    assert decode_without_threads()


def test_jpeg_2000_of_more_channels_than_a_picture_has_is_told_from_damage() -> None:
    size = struct.pack(">IIIIIIII", 8, 8, 0, 0, 8, 8, 0, 0)
    body = b"\xff\x4f\xff\x51" + struct.pack(">HH", 38 + 3 * 5, 0) + size + struct.pack(">H", 5) + b"\x07\x01\x01" * 5

    with pytest.raises(PageUnsupported):
        _opened(body, DocumentFormat.JPEG2000)


def test_format_that_a_library_was_built_without_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "_MISSING", frozenset({DocumentFormat.AVIF}))

    with pytest.raises(FormatUnsupported, match="avif"):
        _opened(dict(IMAGES)[DocumentFormat.AVIF], DocumentFormat.AVIF)


@ONE_OF_EACH
def test_file_that_is_cut_off_anywhere_is_damaged_or_read(format: DocumentFormat, body: bytes) -> None:
    for length in range(0, len(body), max(1, len(body) // 24)):
        try:
            _opened(body[:length], format).render(1)
        except (DocumentDamaged, PageError):
            continue

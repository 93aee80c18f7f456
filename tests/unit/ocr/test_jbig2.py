"""JBIG2 files: what their segments say, put together by hand, since nothing here writes them."""

import io
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image, ImageChops

from ocr_platform.errors import DocumentDamaged, DocumentTooLarge, PageDamaged, PageError, TooManyPages
from ocr_platform.ocr.jbig2 import Jbig2Pages
from ocr_platform.ocr.limits import Limits
from tests.unit.ocr.support import limits

LIMITS = limits()
SIGNATURE = b"\x97JB2\r\n\x1a\n"
SIZE = (64, 48)
END_OF_PAGE, END_OF_FILE, END_OF_STRIPE = 49, 51, 50


def _picture(black: int) -> Image.Image:
    """Black on the left, as many columns of it."""
    image = Image.new("1", SIZE, 1)
    image.paste(0, (0, 0, black, SIZE[1]))
    return image


def _packed(image: Image.Image) -> bytes:
    """The picture as a fax of group 4, which a region may be; black is 1 there."""
    out = io.BytesIO()
    ImageChops.invert(image.convert("L")).convert("1").save(out, "TIFF", compression="group4")
    with Image.open(out) as tiff:
        (place,), (size,) = tiff.tag_v2[273], tiff.tag_v2[279]  # type: ignore[attr-defined]
    return out.getvalue()[place : place + size]


def _segment(number: int, kind: int, page: int, data: bytes, length: int | None = None) -> tuple[bytes, bytes]:
    """Header and data."""
    return struct.pack(">IBBBI", number, kind, 0, page, len(data) if length is None else length), data


def _information(number: int, page: int, height: int = SIZE[1], resolution: int = 0) -> tuple[bytes, bytes]:
    striped = 0x8000 | SIZE[1] if height == 0xFFFFFFFF else 0
    return _segment(number, 48, page, struct.pack(">IIIIBH", SIZE[0], height, resolution, resolution, 0, striped))


def _region(number: int, page: int, image: Image.Image, length: int | None = None) -> tuple[bytes, bytes]:
    body = struct.pack(">IIIIBB", *SIZE, 0, 0, 0, 1) + _packed(image)
    if length is not None:
        body += b"\x00\x00" + struct.pack(">I", SIZE[1])
    return _segment(number, 38, page, body, length)


def _file(*segments: tuple[bytes, bytes], pages: int = 1, apart: bool = False, known: bool = True) -> bytes:
    flags = (0 if apart else 1) | (0 if known else 2)
    head = SIGNATURE + bytes([flags]) + (struct.pack(">I", pages) if known else b"")
    if apart:
        return head + b"".join(head for head, _data in segments) + b"".join(data for _head, data in segments)
    return head + b"".join(head + data for head, data in segments)


@contextmanager
def _opened(body: bytes, bounds: Limits = LIMITS) -> Iterator[Jbig2Pages]:
    with os.fdopen(os.memfd_create("document"), "w+b") as file:
        file.write(body)
        file.flush()
        yield _pages(file, bounds)


def _pages(file: BinaryIO, bounds: Limits) -> Jbig2Pages:
    return Jbig2Pages(file, bounds)


def _columns(pages: Jbig2Pages, number: int = 1) -> int:
    """How many columns of a page are black, if all of each is."""
    levels = np.asarray(pages.render(number).image)
    assert levels.shape == SIZE[::-1]
    assert set(np.unique(levels)) <= {0, 255}
    black = (levels == 0).all(axis=0)
    assert (levels[:, ~black] == 255).all()
    return int(black.sum())


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("apart", [True, False])
def test_page_is_black_on_white_pixel_by_pixel(apart: bool, known: bool) -> None:
    segments = (_information(0, 1), _region(1, 1, _picture(20)), _segment(2, END_OF_PAGE, 1, b""))
    body = _file(*segments, _segment(3, END_OF_FILE, 0, b""), apart=apart, known=known)

    with _opened(body) as pages:
        assert pages.count() == 1
        assert _columns(pages) == 20


def test_pages_are_told_apart_and_come_in_any_order() -> None:
    segments = [_information(0, 1), _region(1, 1, _picture(10)), _information(2, 2), _region(3, 2, _picture(30))]

    with _opened(_file(*segments, pages=2)) as pages:
        assert pages.count() == 2
        assert [_columns(pages, number) for number in (2, 1, 2)] == [30, 10, 30]
        with pytest.raises(PageDamaged):
            pages.render(3)


def test_page_with_a_number_of_four_bytes() -> None:
    segments = [_information(0, 1), _region(1, 1, _picture(10))]
    wide = [(head[:4] + bytes([head[4] | 0x40]) + head[5:6] + bytes(3) + head[6:], data) for head, data in segments]

    with _opened(_file(*wide)) as pages:
        assert _columns(pages) == 10


def test_region_that_leaves_open_how_long_it_is() -> None:
    segments = [_information(0, 1), _region(1, 1, _picture(10), length=0xFFFFFFFF), _segment(2, END_OF_PAGE, 1, b"")]

    with _opened(_file(*segments)) as pages:
        assert _columns(pages) == 10


def test_page_that_leaves_open_how_high_it_is() -> None:
    stripe = _segment(2, END_OF_STRIPE, 1, struct.pack(">I", SIZE[1] - 1))

    with _opened(_file(_information(0, 1, height=0xFFFFFFFF), _region(1, 1, _picture(10)), stripe)) as pages:
        assert pages.render(1).image.size == SIZE


@pytest.mark.parametrize(("metres", "dpi"), [(11811, 300), (0, 0), (2835, 0), (10**6, 0)])
def test_resolution_is_by_the_metre(metres: int, dpi: int) -> None:
    with _opened(_file(_information(0, 1, resolution=metres), _region(1, 1, _picture(10)))) as pages:
        assert pages.render(1).dpi == dpi


def test_what_is_declared_is_refused_before_anything_is_unpacked() -> None:
    body = _file(_information(0, 1, height=10**6), _region(1, 1, _picture(10)), _information(2, 2))

    with _opened(body, limits(max_pixels=10_000)) as pages:
        assert pages.count() == 2
        with pytest.raises(PageError) as raised:
            pages.render(1)
    assert raised.value.code == "page_too_large"


def test_limits_of_a_document_hold() -> None:
    body = _file(_information(0, 1), _information(1, 2), _information(2, 3))

    with _opened(body, limits(max_pages=2)) as pages, pytest.raises(TooManyPages):
        pages.count()
    with _opened(body, limits(max_document_pixels=2 * 64 * 48)) as pages, pytest.raises(DocumentTooLarge):
        pages.count()


@pytest.mark.parametrize(
    "body",
    [
        SIGNATURE,
        SIGNATURE + b"\x01",
        _file(),
        _file(_region(0, 1, _picture(10))),
        _file(_segment(0, 48, 1, b""))[:20],
        SIGNATURE + b"\x01\x00\x00\x00\x01" + b"\xff" * 40,
        _file((struct.pack(">IBB", 0, 48, 5 << 5) + b"\x01" + bytes(4), b"")),
        _file(_segment(0, 0, 1, b"", length=0xFFFFFFFF)),
    ],
)
def test_what_is_no_jbig2_inside_is_a_damaged_document(body: bytes) -> None:
    with pytest.raises(DocumentDamaged), _opened(body):
        pass


def test_page_that_says_too_little_of_itself_is_damaged_and_the_others_stay() -> None:
    body = _file(_information(1, 2), _region(2, 2, _picture(10)), _segment(0, 48, 1, b"\x00\x00"))

    with _opened(body) as pages:
        assert pages.count() == 2
        with pytest.raises(PageDamaged):
            pages.render(1)
        assert _columns(pages, 2) == 10


def test_file_that_is_cut_off_shows_what_is_there_or_is_damaged() -> None:
    whole = _file(_information(0, 1), _region(1, 1, _picture(10)))

    for length in range(40, len(whole), 3):
        try:
            with _opened(whole[:length]) as pages:
                assert pages.render(1).image.size == SIZE
        except (DocumentDamaged, PageDamaged):
            continue

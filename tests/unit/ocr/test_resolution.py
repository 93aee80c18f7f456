"""What files say of their resolution, and what is believed of it."""

import io
import struct
from typing import Any

import pytest
from PIL import Image

from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.images import ImagePages
from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.resolution import square_size
from tests.unit.ocr.support import limits

_PILLOW = {DocumentFormat.PNM: "PPM"}


def _page(format: DocumentFormat, **options: Any) -> PageImage:
    out = io.BytesIO()
    Image.new("L", (100, 50), 200).save(out, _PILLOW.get(format, format.upper()), **options)
    return ImagePages(out, format, limits()).render(1)


def _exif(across: float, down: float, unit: int = 2) -> Image.Exif:
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = across, down, unit
    return exif


@pytest.mark.parametrize(
    "format", [DocumentFormat.JPEG, DocumentFormat.PNG, DocumentFormat.TIFF, DocumentFormat.BMP], ids=str
)
def test_formats_own_resolution_is_read(format: DocumentFormat) -> None:
    assert _page(format, dpi=(300, 300)).dpi == 300


def test_box_of_jpeg_2000_is_read() -> None:
    # Given a box with 11811 dots in a metre, across and down, put into the header by hand
    out = io.BytesIO()
    Image.new("L", (100, 50)).save(out, "JPEG2000")
    body = out.getvalue()
    place = body.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">I", body, place)
    box = struct.pack(">I4sI4sHHHHBB", 26, b"res ", 18, b"resc", 11811, 1, 11811, 1, 0, 0)
    body = (
        body[:place] + struct.pack(">I", size + len(box)) + body[place + 4 : place + size] + box + body[place + size :]
    )

    assert ImagePages(io.BytesIO(body), DocumentFormat.JPEG2000, limits()).render(1).dpi == 300


@pytest.mark.parametrize("format", [DocumentFormat.WEBP, DocumentFormat.AVIF, DocumentFormat.JPEG], ids=str)
@pytest.mark.parametrize(("exif", "dpi"), [(_exif(240, 240), 240), (_exif(100, 100, 3), 254), (_exif(72, 72), 0)])
def test_exif_tells_where_the_format_cannot(format: DocumentFormat, exif: Image.Exif, dpi: int) -> None:
    assert _page(format, exif=exif).dpi == dpi


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x01"])
def test_exif_that_is_damaged_tells_nothing(exif: bytes) -> None:
    assert _page(DocumentFormat.WEBP, exif=exif).dpi == 0


@pytest.mark.parametrize(("unit", "dpi"), [("inch", 120), ("cm", 305), (None, 120)])
def test_units_of_a_tiff(unit: str | None, dpi: int) -> None:
    options = {} if unit is None else {"resolution_unit": unit}

    assert _page(DocumentFormat.TIFF, x_resolution=120, y_resolution=120, **options).dpi == dpi


def test_tiff_without_a_unit_tells_a_shape_and_no_size() -> None:
    assert _page(DocumentFormat.TIFF, tiffinfo={282: 300.0, 283: 300.0, 296: 1}).dpi == 0


@pytest.mark.parametrize("format", [DocumentFormat.GIF, DocumentFormat.PNM, DocumentFormat.WEBP], ids=str)
def test_what_says_nothing_is_not_known(format: DocumentFormat) -> None:
    assert _page(format).dpi == 0


def test_fax_with_half_as_many_dots_down_gets_square_pixels() -> None:
    page = _page(DocumentFormat.TIFF, dpi=(204, 98))

    assert (page.image.size, page.dpi) == ((100, 104), 204)


def test_fax_of_one_bit_keeps_its_strokes_when_it_is_stretched() -> None:
    fax = Image.new("1", (100, 50), 1)
    fax.paste(0, (0, 10, 100, 11))
    out = io.BytesIO()
    fax.save(out, "TIFF", compression="group3", dpi=(204, 98))

    page = ImagePages(out, DocumentFormat.TIFF, limits()).render(1)

    assert page.image.mode == "L"
    low, high = page.image.getextrema()
    assert low < 40  # type: ignore[operator]
    assert high == 255


def test_nearly_square_pixels_stay_as_they_are() -> None:
    page = _page(DocumentFormat.TIFF, dpi=(204, 196))

    assert (page.image.size, page.dpi) == ((100, 50), 204)


def test_page_that_is_turned_by_a_quarter_is_stretched_the_other_way() -> None:
    # Given twice as many dots across as down, in a picture that lies on its side
    page = _page(DocumentFormat.TIFF, dpi=(200, 100), tiffinfo={274: 6})

    assert (page.image.size, page.dpi) == ((100, 100), 200)


@pytest.mark.parametrize("dpi", [(300, 20), (1000, 100), (1, 300), (0, 0)])
def test_pixels_that_are_too_oblong_to_be_true_are_not_believed(dpi: tuple[int, int]) -> None:
    page = _page(DocumentFormat.JPEG, dpi=dpi)

    assert (page.image.size, page.dpi) == ((100, 50), 0)


@pytest.mark.parametrize(
    ("dpi", "size"), [((0, 0), (10, 20)), ((200, 200), (10, 20)), ((200, 100), (10, 40)), ((100, 200), (20, 20))]
)
def test_coarser_side_grows(dpi: tuple[int, int], size: tuple[int, int]) -> None:
    assert square_size((10, 20), dpi) == size

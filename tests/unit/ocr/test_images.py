import io
from collections.abc import Sequence
from typing import Any

import pytest
from PIL import Image

from ocr_platform.errors import DocumentDamaged, DocumentTooLarge, PageDamaged, PageTooLarge, TooManyPages
from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.images import ImagePages
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.pages import PageImage
from tests.data import broken
from tests.unit.ocr.support import limits

LIMITS = limits(max_pixels=1_000_000)
LARGE = limits()


def _saved(image: Image.Image, format: DocumentFormat, **options: Any) -> io.BytesIO:
    out = io.BytesIO()
    image.save(out, format.upper(), **options)
    out.seek(0)
    return out


def _page(image: Image.Image, format: DocumentFormat = DocumentFormat.PNG, **options: Any) -> PageImage:
    """An image as the recogniser gets it, by way of a file."""
    return ImagePages(_saved(image, format, **options), format, LIMITS).render(1)


def _tiff(frames: Sequence[Image.Image], bounds: Limits = LIMITS, **options: Any) -> ImagePages:
    file = _saved(frames[0], DocumentFormat.TIFF, save_all=True, append_images=list(frames[1:]), **options)
    return ImagePages(file, DocumentFormat.TIFF, bounds)


def _row(page: PageImage) -> list[int]:
    assert page.image.mode == "L"
    return list(page.image.tobytes())


@pytest.mark.parametrize("format", [DocumentFormat.PNG, DocumentFormat.TIFF])
def test_16_bit_grey_is_scaled_and_not_clipped(format: DocumentFormat) -> None:
    image = Image.new("I;16", (3, 1))
    for x, level in enumerate((0, 32768, 65535)):
        image.putpixel((x, 0), level)

    assert _row(_page(image, format)) == pytest.approx([0, 128, 255], abs=1)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bit_grey_is_scaled_and_not_clipped(mode: str) -> None:
    # Given what Pillow makes of some 16-bit files, and of scientific TIFFs: levels up to 65535
    image = Image.new(mode, (3, 1))
    for x, level in enumerate((0, 32768, 65535)):
        image.putpixel((x, 0), level)

    black, grey, white = _row(_page(image, DocumentFormat.TIFF))

    assert black < grey < white


def test_palette_gives_the_colours_grey() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.putpixel((1, 0), 1)

    assert _row(_page(image)) == [255, 0]


@pytest.mark.parametrize(("mode", "clear", "black"), [("RGBA", (0, 0, 0, 0), (0, 0, 0, 255)), ("LA", (0, 0), (0, 255))])
def test_transparency_is_white_paper(mode: str, clear: tuple[int, ...], black: tuple[int, ...]) -> None:
    # Given black throughout, of which one pixel is transparent
    image = Image.new(mode, (2, 1), clear)
    image.putpixel((1, 0), black)

    assert _row(_page(image)) == [255, 0]


def test_transparent_colour_of_a_palette_is_white_paper() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 0, 0, 1])
    image.putpixel((1, 0), 1)

    assert _row(_page(image, transparency=0))[0] == 255


def test_transparent_grey_is_white_paper() -> None:
    image = Image.new("L", (2, 1), 0)
    image.putpixel((1, 0), 50)

    assert _row(_page(image, transparency=0)) == [255, 50]


@pytest.mark.parametrize("format", [DocumentFormat.TIFF, DocumentFormat.JPEG])
def test_cmyk_has_white_paper_and_black_ink(format: DocumentFormat) -> None:
    image = Image.new("CMYK", (16, 8), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (8, 0, 16, 8))

    row = _row(_page(image, format))

    assert row[0] > 250
    assert row[15] < 5


def test_1_bit_stays_one_bit_with_white_paper() -> None:
    # What a fax is: the recogniser takes it as it is, an eighth of the memory, and nothing need be thresholded
    image = Image.new("1", (2, 1), 1)
    image.putpixel((1, 0), 0)

    found = _page(image, DocumentFormat.TIFF, compression="group4").image

    assert found.mode == "1"
    assert [found.getpixel((x, 0)) for x in (0, 1)] == [255, 0]


@pytest.mark.parametrize("turned", [1, 6])
def test_1_bit_stays_one_bit_whether_it_was_turned_or_not(turned: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turned

    assert _page(Image.new("1", (20, 10), 1), DocumentFormat.TIFF, exif=exif).image.mode == "1"


@pytest.mark.parametrize("format", [DocumentFormat.PNG, DocumentFormat.JPEG])
def test_png_and_jpeg_have_one_page(format: DocumentFormat) -> None:
    pages = ImagePages(_saved(Image.new("L", (8, 8)), format), format, LIMITS)

    assert pages.count() == 1


@pytest.mark.parametrize("format", [DocumentFormat.PNG, DocumentFormat.JPEG, DocumentFormat.TIFF])
def test_page_beyond_the_last_is_damaged(format: DocumentFormat) -> None:
    pages = ImagePages(_saved(Image.new("L", (8, 8)), format), format, LIMITS)

    with pytest.raises(PageDamaged):
        pages.render(2)


def test_each_directory_of_a_tiff_is_a_page_in_any_order() -> None:
    pages = _tiff([Image.new("L", (10 * number, 5), number) for number in (1, 2, 3)])

    assert pages.count() == 3
    assert [pages.render(number).image.width for number in (3, 1, 2, 2)] == [30, 10, 20, 20]


def test_counting_stops_at_the_limit() -> None:
    frames = [Image.new("L", (4, 4))] * 5

    with pytest.raises(TooManyPages):
        _tiff(frames, limits(max_pages=4)).count()
    assert _tiff(frames, limits(max_pages=5)).count() == 5


def test_pages_that_have_too_many_pixels_together_are_refused_by_their_headers() -> None:
    # Given five pages of 16 pixels, each of which would be allowed
    frames = [Image.new("L", (4, 4))] * 5

    with pytest.raises(DocumentTooLarge):
        _tiff(frames, limits(max_document_pixels=79)).count()
    assert _tiff(frames, limits(max_document_pixels=80)).count() == 5


def test_page_that_is_refused_by_itself_leaves_the_others_their_budget() -> None:
    # Given a page of 10,000 pixels among small ones, and more than a page may have for all of them
    pages = _tiff(
        [Image.new("L", size) for size in ((4, 4), (100, 100), (4, 4))], limits(max_pixels=50, max_document_pixels=60)
    )

    assert pages.count() == 3
    with pytest.raises(PageTooLarge):
        pages.render(2)
    assert [pages.render(number).image.size for number in (1, 3)] == [(4, 4)] * 2


def test_directory_that_cannot_be_read_ends_the_document() -> None:
    # Given a TIFF of two pages whose chain of directories goes on into nowhere
    whole = _saved(Image.new("L", (4, 4)), DocumentFormat.TIFF, save_all=True, append_images=[Image.new("L", (4, 4))])
    body = bytearray(whole.getvalue())
    body[-4:] = b"\xff\xff\xff\x7f"

    pages = ImagePages(io.BytesIO(bytes(body)), DocumentFormat.TIFF, LIMITS)

    assert pages.count() == 2


def test_directories_in_a_circle_end() -> None:
    whole = _saved(Image.new("L", (4, 4)), DocumentFormat.TIFF, save_all=True, append_images=[Image.new("L", (4, 4))])
    body = bytearray(whole.getvalue())
    body[-4:] = body[4:8]  # the last directory's next is the first

    pages = ImagePages(io.BytesIO(bytes(body)), DocumentFormat.TIFF, LIMITS)

    assert pages.count() == 2


@pytest.mark.parametrize(
    ("body", "format"),
    [(broken.damaged_png, DocumentFormat.PNG), (broken.damaged_tif, DocumentFormat.TIFF)],
)
def test_image_data_that_is_noise_is_a_damaged_page(body: Any, format: DocumentFormat) -> None:
    pages = ImagePages(io.BytesIO(body()), format, LARGE)

    with pytest.raises(PageDamaged):
        pages.render(1)


def test_one_damaged_page_leaves_the_others() -> None:
    pages = ImagePages(io.BytesIO(broken.one_bad_page_tif(["a", "b", "c"])), DocumentFormat.TIFF, LARGE)

    assert pages.count() == 3
    with pytest.raises(PageDamaged):
        pages.render(2)
    assert pages.render(1).image.size == pages.render(3).image.size


def test_truncated_image_is_a_damaged_page() -> None:
    whole = _saved(Image.effect_noise((200, 200), 50), DocumentFormat.JPEG).getvalue()
    pages = ImagePages(io.BytesIO(whole[: len(whole) // 2]), DocumentFormat.JPEG, LIMITS)

    with pytest.raises(PageDamaged):
        pages.render(1)


@pytest.mark.parametrize("format", [DocumentFormat.PNG, DocumentFormat.TIFF, DocumentFormat.JPEG])
@pytest.mark.parametrize("body", [b"", b"noise" * 100])
def test_what_cannot_be_opened_is_a_damaged_document(format: DocumentFormat, body: bytes) -> None:
    with pytest.raises(DocumentDamaged):
        ImagePages(io.BytesIO(body), format, LIMITS)


def test_only_the_decoder_of_the_format_is_tried() -> None:
    gif = io.BytesIO()
    Image.new("L", (4, 4)).save(gif, "GIF")

    with pytest.raises(DocumentDamaged):
        ImagePages(gif, DocumentFormat.PNG, LIMITS)


def test_page_with_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    # Given an image whose data would be an error if it were looked at
    pages = ImagePages(io.BytesIO(broken.damaged_png()), DocumentFormat.PNG, LIMITS)

    with pytest.raises(PageTooLarge):
        pages.render(1)


@pytest.mark.parametrize(
    ("said", "kept"), [(300, 300), (75, 75), (2400, 2400), (1, 0), (69, 0), (72, 0), (96, 0), (2500, 0), (100_000, 0)]
)
def test_resolution_is_kept_where_it_is_plausible(said: int, kept: int) -> None:
    assert _page(Image.new("L", (8, 8)), DocumentFormat.JPEG, dpi=(said, said)).dpi == kept


def test_resolution_that_is_not_said_is_zero() -> None:
    assert _page(Image.new("L", (8, 8))).dpi == 0


def test_resolution_of_each_page_is_its_own() -> None:
    out = io.BytesIO()
    frames = [Image.new("L", (8, 8)) for _ in range(2)]
    for frame, dpi in zip(frames, (100, 300), strict=True):
        frame.encoderinfo = {"dpi": (dpi, dpi)}  # Pillow takes each frame's from here
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:], dpi=(100, 100))

    pages = ImagePages(out, DocumentFormat.TIFF, LIMITS)

    assert [pages.render(number).dpi for number in (1, 2)] == [100, 300]


@pytest.mark.parametrize("format", [DocumentFormat.JPEG, DocumentFormat.PNG, DocumentFormat.TIFF])
@pytest.mark.parametrize("turned", [3, 6, 8])
def test_page_that_a_camera_turned_stands_upright(turned: int, format: DocumentFormat) -> None:
    # Given a wide image whose EXIF says by how much the camera was turned: 6 and 8 are quarter turns
    exif = Image.Exif()
    exif[0x0112] = turned

    page = _page(Image.new("L", (20, 10)), format, exif=exif)

    assert page.image.size == ((20, 10) if turned == 3 else (10, 20))

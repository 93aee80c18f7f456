import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageOps

from ocr_platform.errors import PageDamaged
from ocr_platform.models import PageResult, PdfWay, Word
from tests.unit.sandbox.pdf.support import a_page, found_in, one_page, text_of, wrapped

WORD = Word("Hand", 100, 50, 80, 20, 90.0, 1, 1, 1)
SIZE = (40, 30)


def _noise(mode: str, size: tuple[int, int] = SIZE) -> Image.Image:
    chance = np.random.default_rng(7)
    if mode == "1":
        return Image.fromarray(chance.integers(0, 2, size[::-1], dtype=np.uint8) * 255).convert("1")
    if mode == "I;16":
        return Image.fromarray(chance.integers(0, 65536, size[::-1], dtype=np.uint16))
    if mode == "P":
        return _noise("RGB", size).quantize(16)
    bands = len(Image.new(mode, (1, 1)).getbands())
    samples = chance.integers(0, 256, (*size[::-1], bands), dtype=np.uint8)
    return Image.merge(mode, [Image.fromarray(samples[:, :, band]) for band in range(bands)])


def _file(tmp_path: Path, image: Image.Image, kind: str, **options: Any) -> Path:
    path = tmp_path / "image"
    image.save(path, kind, **options)
    return path


def _loaded(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image.copy() if image.format == "TIFF" else image


def _image_of(pdf: pikepdf.Pdf) -> Any:
    return pdf.pages[0].obj.Resources.XObject.Picture


def _opened(body: bytes) -> pikepdf.Pdf:
    return pikepdf.Pdf.open(io.BytesIO(body))


def _pixels(body: bytes) -> Image.Image:
    with _opened(body) as pdf:
        return pikepdf.PdfImage(_image_of(pdf)).as_pil_image()


def _page(image: Image.Image, number: int = 1) -> PageResult:
    return PageResult(number, *image.size, dpi=144)


@pytest.mark.parametrize(
    ("mode", "kind", "options", "expected"),
    [
        ("1", "TIFF", {"compression": "group4"}, "/CCITTFaxDecode"),
        ("1", "TIFF", {"compression": "group3"}, "/CCITTFaxDecode"),
        ("1", "TIFF", {"compression": "group4", "tiffinfo": {278: 8}}, "/CCITTFaxDecode"),  # in strips
        ("1", "TIFF", {"compression": "group4", "tiffinfo": {262: 0}}, "/CCITTFaxDecode"),
        ("1", "TIFF", {}, "/CCITTFaxDecode"),
        ("1", "PNG", {}, "/FlateDecode"),
        ("L", "PNG", {}, "/FlateDecode"),
        ("P", "PNG", {}, "/FlateDecode"),
        ("RGB", "PNG", {}, "/FlateDecode"),
        ("I;16", "PNG", {}, "/FlateDecode"),
        ("I;16", "TIFF", {}, "/FlateDecode"),
        ("L", "TIFF", {"compression": "tiff_lzw"}, "/FlateDecode"),
        ("RGB", "TIFF", {"compression": "tiff_adobe_deflate"}, "/FlateDecode"),
        ("CMYK", "TIFF", {}, "/FlateDecode"),
        ("L", "JPEG", {}, "/DCTDecode"),
        ("RGB", "JPEG", {"progressive": True}, "/DCTDecode"),
    ],
)
def test_pixels_are_those_of_the_file(
    tmp_path: Path, mode: str, kind: str, options: dict[str, Any], expected: str
) -> None:
    file = _file(tmp_path, _noise(mode), kind, **options)

    made = wrapped(file, _page(_noise(mode)))

    stored = _loaded(file)
    with _opened(made) as pdf:
        image = _image_of(pdf)
        assert str(image.Filter) == expected
        assert image.BitsPerComponent == {"1": 1, "P": 4, "I;16": 16}.get(mode, 8)
        if mode == "I;16":
            assert np.frombuffer(image.read_bytes(), ">u2").tolist() == np.asarray(stored).ravel().tolist()
    if mode != "I;16":
        assert _pixels(made).convert(stored.convert("RGB").mode).tobytes() == stored.convert("RGB").tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_compressed_bytes_are_the_files_own(tmp_path: Path, kind: str) -> None:
    file = _file(tmp_path, _noise("RGB", (90, 60)), kind)

    with _opened(wrapped(file, PageResult(1, 90, 60, 144))) as pdf:
        assert _image_of(pdf).read_raw_bytes() in file.read_bytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "options"), [("JPEG", {"quality": 95}), ("PNG", {}), ("TIFF", {"compression": "tiff_lzw"})]
)
def test_picture_lies_as_its_file_says(tmp_path: Path, orientation: int, kind: str, options: dict[str, Any]) -> None:
    corners = Image.new("L", (80, 40), 255)
    corners.paste(0, (0, 0, 30, 15))
    exif = Image.Exif()
    exif[274] = orientation
    file = _file(tmp_path, corners, kind, exif=exif, **options)
    upright = ImageOps.exif_transpose(_loaded(file))

    made = wrapped(file, PageResult(1, *upright.size, dpi=72))

    page = pdfium.PdfDocument(made)[0]
    assert page.get_size() == upright.size
    drawn = np.asarray(page.render(scale=1, grayscale=True).to_pil().convert("L"), dtype=int)
    assert np.abs(drawn - np.asarray(upright, dtype=int)).mean() < 8


@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr", "CMYK"])
def test_jpeg_within_tiff_stays_jpeg_and_keeps_its_colours(tmp_path: Path, mode: str) -> None:
    flat = Image.new("RGB", (48, 32), (200, 60, 20)).convert(mode)
    file = _file(tmp_path, flat, "TIFF", compression="jpeg", tiffinfo={278: 32})

    made = wrapped(file, PageResult(1, 48, 32, 72))

    with _opened(made) as pdf:
        assert str(_image_of(pdf).Filter) == "/DCTDecode"
    drawn = pdfium.PdfDocument(made)[0].render(scale=1).to_pil().convert("RGB")
    expected = _loaded(file).convert("RGB")
    assert np.abs(np.asarray(drawn, dtype=int) - np.asarray(expected, dtype=int)).max() < 40


def test_what_can_be_seen_through_stays_so(tmp_path: Path) -> None:
    file = _file(tmp_path, _noise("RGBA"), "PNG")

    with _opened(wrapped(file, _page(_noise("RGBA")))) as pdf:
        image = _image_of(pdf)
        colours, alpha = (pikepdf.PdfImage(each).as_pil_image() for each in (image, image.SMask))
    assert colours.convert("RGB").tobytes() == _noise("RGBA").convert("RGB").tobytes()
    assert alpha.tobytes() == _noise("RGBA").getchannel("A").tobytes()


def test_palette_with_a_transparent_colour_comes_out(tmp_path: Path) -> None:
    file = _file(tmp_path, _noise("P"), "PNG", transparency=3)

    with _opened(wrapped(file, _page(_noise("P")))) as pdf:
        assert "/SMask" in _image_of(pdf)


def test_interlaced_png_comes_out(tmp_path: Path) -> None:
    # Pillow writes none: seven passes over one pixel are the one that it is in
    file = _file(tmp_path, Image.new("L", (1, 1), 77), "PNG")
    body = bytearray(file.read_bytes())
    body[28] = 1
    body[29:33] = zlib.crc32(bytes(body[12:29])).to_bytes(4, "big")
    (tmp_path / "interlaced").write_bytes(body)

    assert _pixels(wrapped(tmp_path / "interlaced", PageResult(1, 1, 1, 72))).getpixel((0, 0)) == 77


def test_ink_of_photoshops_jpeg_is_not_turned_into_light(tmp_path: Path) -> None:
    file = _file(tmp_path, Image.new("CMYK", SIZE, (0, 0, 0, 0)), "JPEG")

    page = pdfium.PdfDocument(wrapped(file, PageResult(1, *SIZE, dpi=72)))[0]

    assert page.render(scale=1, grayscale=True).to_pil().convert("L").getextrema()[0] > 240


def test_every_page_of_a_tiff_is_one(tmp_path: Path) -> None:
    pages = [_noise("1"), _noise("RGB", (20, 60)), _noise("L")]
    file = _file(tmp_path, pages[0], "TIFF", save_all=True, append_images=pages[1:])

    made = wrapped(file, *(_page(page, number) for number, page in enumerate(pages, 1)))

    with pikepdf.Pdf.open(io.BytesIO(made)) as pdf:
        assert [tuple(map(float, page.mediabox[2:])) for page in pdf.pages] == [(20, 15), (10, 30), (20, 15)]
        assert pdf.check_pdf_syntax() == []


def test_words_are_found_on_the_picture(tmp_path: Path) -> None:
    file = _file(tmp_path, Image.new("L", (400, 200), 255), "PNG")

    made = wrapped(file, a_page(WORD))

    (found,) = found_in(made, 400, 200)
    assert found.text == "Hand"
    assert abs(found.box[0] - 100) <= 2
    assert abs(found.box[2] - 180) <= 2


def test_page_that_could_not_be_decoded_is_there_and_empty(tmp_path: Path) -> None:
    file = _file(tmp_path, _noise("RGB", (400, 300)), "PNG")
    cut = tmp_path / "cut"
    cut.write_bytes(file.read_bytes()[:2000] + bytes(50))

    made = wrapped(cut, PageResult(1, error="page_damaged"))

    assert len(pdfium.PdfDocument(made)) == 1


def test_page_whose_picture_cannot_even_be_found_is_there_and_empty(tmp_path: Path) -> None:
    # Twelve bits a sample, read by way of numpy, and nothing that says where they are (tag 273)
    tags = ((256, 1), (257, 1), (258, 12), (259, 1), (262, 1), (277, 1), (278, 1), (279, 2))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    path = tmp_path / "deep.tif"
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4))

    assert len(pdfium.PdfDocument(wrapped(path, PageResult(1, error="page_damaged")))) == 1


def test_page_that_was_recognised_and_cannot_be_decoded_again_does_not_come_out_empty(tmp_path: Path) -> None:
    file = _file(tmp_path, _noise("RGB", (400, 300)), "TIFF", compression="tiff_lzw")
    cut = tmp_path / "cut"
    cut.write_bytes(file.read_bytes().replace(b"\x80", b"\x00"))

    with pytest.raises(PageDamaged):
        wrapped(cut, PageResult(1, 400, 300, 72, "Lorem"))


@pytest.mark.parametrize(("dpi", "points"), [(144, 20.0), (0, 841.68), (1, 2880.0)])
def test_page_is_as_large_as_its_resolution_says(tmp_path: Path, dpi: int, points: float) -> None:
    file = _file(tmp_path, _noise("L"), "PNG")

    made = wrapped(file, PageResult(1, *SIZE, dpi=dpi))

    assert pdfium.PdfDocument(made)[0].get_width() == pytest.approx(points, abs=0.01)


def test_page_is_never_larger_than_pdf_allows(tmp_path: Path) -> None:
    file = _file(tmp_path, Image.new("1", (30_000, 10)), "PNG")

    made = wrapped(file, PageResult(1, 30_000, 10, dpi=72))

    assert pdfium.PdfDocument(made)[0].get_width() == pytest.approx(14_400)


def test_drawn_page_has_its_colours_and_its_words(tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(one_page(b"1 0 0 rg 0 0 100 100 re f"))

    made = wrapped(path, a_page(WORD), way=PdfWay.DRAWN)

    red = pdfium.PdfDocument(made)[0].render(scale=1).to_pil().convert("RGB").getpixel((50, 50))
    assert red[0] > 240
    assert red[1] < 20
    assert text_of(made).strip() == "Hand"


def test_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    file = _file(tmp_path, _noise("RGB"), "TIFF")

    assert wrapped(file, _page(_noise("RGB"))) == wrapped(file, _page(_noise("RGB")))


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "JPEG"), ("RGB", "PNG"), ("1", "TIFF")])
def test_what_is_added_to_a_file_is_small(tmp_path: Path, mode: str, kind: str) -> None:
    file = _file(tmp_path, _noise(mode, (300, 300)), kind, **({"compression": "group4"} if kind == "TIFF" else {}))

    made = wrapped(file, PageResult(1, 300, 300, 144))

    assert len(made) < file.stat().st_size + 1200

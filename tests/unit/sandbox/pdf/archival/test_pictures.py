import io
from typing import Any

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageCms

from ocr_platform.errors import PdfaRefused
from ocr_platform.models import PageResult, PdfWay, Word
from tests.unit.sandbox.pdf.archival.support import archived, verdict

SIZE = (80, 60)
WORD = Word("Hand", 10, 10, 40, 20, 90.0, 1, 1, 1)
PAGE = PageResult(1, *SIZE, 72, WORD.text, (WORD,))


def _file(mode: str, kind: str, **options: Any) -> bytes:
    """A picture that falls from dark to light."""
    levels = np.linspace(0, 255, SIZE[0] * SIZE[1], dtype=np.uint8).reshape(SIZE[::-1])
    image = Image.fromarray(levels.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(levels).convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        ("1", "TIFF", {"compression": "group4"}),
        ("1", "TIFF", {"compression": "group3"}),
        ("L", "TIFF", {"compression": "tiff_lzw"}),
        ("RGB", "TIFF", {"compression": "jpeg"}),
        ("L", "JPEG", {}),
        ("RGB", "JPEG", {}),
        ("RGB", "JPEG", {"icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()}),
        ("L", "PNG", {}),
        ("RGB", "PNG", {}),
        ("P", "PNG", {}),
        ("I;16", "PNG", {}),
        ("RGBA", "PNG", {}),
        ("LA", "PNG", {}),
        ("RGB", "WEBP", {}),
        ("P", "GIF", {}),
    ],
)
def test_picture_is_wrapped_as_it_is_for_a_pdf(mode: str, kind: str, options: dict[str, Any]) -> None:
    made, lost = archived(_file(mode, kind, **options), PAGE, way=PdfWay.WRAPPED)

    assert verdict(made) == "pass"
    assert lost == []


@pytest.mark.parametrize(("mode", "kind"), [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("RGB", "JPEG2000")])
def test_picture_that_pdfa_does_not_have_is_painted_anew(mode: str, kind: str) -> None:
    body = _file(mode, kind)

    with pytest.raises(PdfaRefused):
        archived(body, PAGE, way=PdfWay.WRAPPED)
    made, _ = archived(body, PAGE, way=PdfWay.DRAWN)

    assert verdict(made) == "pass"
    with Image.open(io.BytesIO(body)) as before, pikepdf.Pdf.open(io.BytesIO(made)) as pdf:
        picture: Any = pdf.pages[0].obj.Resources.XObject.Picture
        after = pikepdf.PdfImage(picture).as_pil_image()
        assert after.tobytes() == before.convert("RGB").tobytes()


def test_inks_with_a_profile_stay_however_large_it_is() -> None:
    profile = bytearray(200_000)
    profile[0:4] = len(profile).to_bytes(4, "big")
    profile[8] = 2
    profile[12:20], profile[36:40] = b"prtrCMYK", b"acsp"

    made, _ = archived(_file("CMYK", "JPEG", icc_profile=bytes(profile)), PAGE, way=PdfWay.WRAPPED)

    assert verdict(made) == "pass"


def test_drawn_picture_lies_as_it_did() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    made, _ = archived(
        _file("CMYK", "JPEG", exif=exif), PageResult(1, *SIZE[::-1], 72, WORD.text, (WORD,)), way=PdfWay.DRAWN
    )

    with pikepdf.Pdf.open(io.BytesIO(made)) as pdf:
        assert b"0.000 -80.000 60.000 0.000 0.000 80.000 cm" in pdf.pages[0].Contents.read_bytes()


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_page_is_never_smaller_than_pdf_has_them(size: tuple[int, int]) -> None:
    file = io.BytesIO()
    Image.new("L", size).save(file, "PNG", dpi=(300, 300))

    made, _ = archived(file.getvalue(), PageResult(1, *size, 300), way=PdfWay.WRAPPED)

    assert verdict(made) == "pass"
    with pikepdf.Pdf.open(io.BytesIO(made)) as pdf:
        assert min(float(side) for side in list(pdf.pages[0].mediabox)[2:]) == 3

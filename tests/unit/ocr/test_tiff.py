"""TIFFs of every depth and arrangement, each beside what its samples mean."""

import io
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocr_platform.errors import PageDamaged, PageError, PageUnsupported
from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.images import ImagePages
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.pages import PageImage
from tests.data.tiffs import DEFLATE, tiff
from tests.unit.ocr.support import limits

LIMITS = limits()
Floats = NDArray[np.float64]

# From black to white and from top to bottom, with a width and a height that no strip and no tile divides.
RAMP: Floats = np.linspace(0, 1, 37 * 29).reshape(37, 29)
COLOUR: Floats = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=2)
BRIGHTNESS = COLOUR @ np.array([0.299, 0.587, 0.114])
ARRANGED: list[dict[str, Any]] = [
    {},
    {"order": ">"},
    {"rows_per_strip": 10},
    {"tile": (16, 32)},
    {"tile": (16, 16), "compression": DEFLATE},
    {"order": ">", "rows_per_strip": 8, "compression": DEFLATE},
    {"big": True},
    {"big": True, "order": ">"},
]


def _page(body: bytes, bounds: Limits = LIMITS) -> PageImage:
    return ImagePages(io.BytesIO(body), DocumentFormat.TIFF, bounds).render(1)


def _levels(body: bytes) -> Floats:
    image = _page(body).image
    return np.asarray(image.convert("L"), dtype=float) / 255


def _whole(values: Floats, bits: int) -> NDArray[np.unsignedinteger]:
    kind = next(size for size in (8, 16, 32, 64) if size >= bits)
    samples = np.rint(values * (2.0**bits - 1)).astype(f"u{kind // 8}")
    return samples if samples.ndim == 3 else samples[:, :, None]


@pytest.mark.parametrize("arranged", ARRANGED, ids=str)
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16, 32])
def test_grey_of_any_depth(bits: int, arranged: dict[str, Any]) -> None:
    found = _levels(tiff(_whole(RAMP, bits), bits=bits, **arranged))

    assert np.abs(found - RAMP).max() < 0.01


@pytest.mark.parametrize(("bits", "off"), [(1, 0.51), (2, 0.17), (4, 0.04), (6, 0.02)])
def test_grey_of_few_bits(bits: int, off: float) -> None:
    assert np.abs(_levels(tiff(_whole(RAMP, bits), bits=bits)) - RAMP).max() < off


@pytest.mark.parametrize("bits", [1, 4, 8, 12, 16, 32])
@pytest.mark.parametrize("order", ["<", ">"])
def test_white_that_is_zero_is_white(bits: int, order: str) -> None:
    found = _levels(tiff(_whole(RAMP, bits), bits=bits, photometric=0, order=order))

    assert np.abs(found - (1 - RAMP)).max() < 0.51 / (2**bits - 1) + 0.01


@pytest.mark.parametrize("arranged", ARRANGED, ids=str)
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("bits", [8, 12, 16, 32])
def test_colours_of_any_depth_together_and_apart(bits: int, apart: bool, arranged: dict[str, Any]) -> None:
    found = _levels(tiff(_whole(COLOUR, bits), bits=bits, photometric=2, apart=apart, **arranged))

    assert np.abs(found - BRIGHTNESS).max() < 0.02


@pytest.mark.parametrize("arranged", ARRANGED, ids=str)
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_floats_from_nought_to_one(kind: str, arranged: dict[str, Any]) -> None:
    found = _levels(tiff(RAMP[:, :, None].astype(kind), **arranged))

    assert np.abs(found - RAMP).max() < 0.01


def test_floats_of_another_range_have_the_lightest_for_white() -> None:
    found = _levels(tiff((RAMP[:, :, None] * 5000 - 700).astype("f4")))

    assert np.abs(found - RAMP).max() < 0.01


def test_page_of_one_float_is_white() -> None:
    assert _levels(tiff(np.full((4, 4, 1), 1e6, dtype="f4"))).min() == 1


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_numbers_with_a_sign(bits: int) -> None:
    signed = (_whole(RAMP, bits).astype(np.int64) - 2 ** (bits - 1)).astype(f"i{bits // 8}")

    assert np.abs(_levels(tiff(signed)) - RAMP).max() < 0.01


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16, 32])
def test_differences_are_added_up(bits: int, order: str) -> None:
    body = tiff(_whole(COLOUR, bits), photometric=2, predictor=2, compression=DEFLATE, order=order)

    assert np.abs(_levels(body) - BRIGHTNESS).max() < 0.02


@pytest.mark.parametrize("bits", [8, 16])
def test_inks_are_dark(bits: int) -> None:
    inks = np.concatenate([1 - COLOUR, np.zeros((*RAMP.shape, 1))], axis=2)

    assert np.abs(_levels(tiff(_whole(inks, bits), photometric=5)) - BRIGHTNESS).max() < 0.03


def test_palette_of_twelve_bits() -> None:
    colours = [65535 - number * 16 for number in range(4096)]

    found = _levels(tiff(_whole(RAMP, 12), bits=12, photometric=3, tags={320: colours * 3}))

    assert np.abs(found - (1 - RAMP)).max() < 0.01


@pytest.mark.parametrize(("extra", "shown"), [(1, 0.75), (2, 0.625), (0, 0.25)])
def test_opacity_of_thirty_two_bits_lets_white_paper_through(extra: int, shown: float) -> None:
    # Given a grey of a quarter, half opaque: multiplied by that already, or not, or another kind of sample
    samples = np.full((4, 4, 2), [0.25, 0.5], dtype="f4")

    assert _levels(tiff(samples, tags={338: [extra]})) == pytest.approx(shown, abs=0.01)


@pytest.mark.parametrize("turned", range(1, 9))
def test_picture_that_is_read_sample_by_sample_is_turned_as_others_are(turned: int) -> None:
    usual, unusual = (
        _page(tiff(_whole(RAMP, bits), bits=bits, photometric=1, tags={274: [turned]})).image for bits in (8, 12)
    )

    assert usual.size == unusual.size
    assert np.abs(np.asarray(usual, dtype=float) - np.asarray(unusual, dtype=float)).max() < 3


def test_resolution_of_a_picture_that_is_read_sample_by_sample() -> None:
    # Given 300 dpi; rational numbers are written by Pillow alone, so by way of a page of 8 bits that is changed to LAB
    out = io.BytesIO()
    Image.new("I;16", (8, 8)).save(out, "TIFF", dpi=(300, 300), tiffinfo={262: 0})

    page = _page(out.getvalue())

    assert (page.dpi, page.image.getextrema()) == (300, (255, 255))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(tiff(_whole(RAMP, 8), photometric=32844), id="logarithms of light"),
        pytest.param(tiff(_whole(RAMP, 8), photometric=32803), id="a sensor's own colours"),
        pytest.param(tiff(_whole(RAMP, 12), bits=12, tags={259: [7]}), id="JPEG of 12 bits"),
        pytest.param(tiff(_whole(RAMP, 8), tags={259: [12345]}), id="a compression that nobody knows"),
        pytest.param(tiff(np.zeros((4, 4, 1), "u1"), tags={258: [80]}), id="80 bits"),
        pytest.param(tiff(_whole(COLOUR, 8), photometric=2, tags={258: [5, 6, 5]}), id="samples of several depths"),
        pytest.param(tiff(np.zeros((4, 4, 1), "f4"), tags={258: [24]}), id="floats of 24 bits"),
    ],
)
def test_kind_that_is_not_read_is_told_from_damage(body: bytes) -> None:
    with pytest.raises(PageUnsupported):
        _page(body)


@pytest.mark.parametrize(
    "tags",
    [
        {279: [10**9]},
        {273: [10**9]},
        {278: [5]},
        {322: [10**6], 323: [10**6], 324: [8], 325: [9]},
        {322: [0], 323: [0], 324: [8], 325: [9]},
        {317: [77]},
        {277: [200]},
        {320: [1, 2, 3], 262: [3]},
    ],
    ids=str,
)
def test_tags_that_lie_harm_nobody(tags: dict[int, list[int]]) -> None:
    body = tiff(_whole(RAMP, 12), bits=12, tags=tags)

    with suppress(PageError):
        assert _page(body).image.size == (29, 37)


def test_page_of_many_bits_with_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(PageError) as raised:
        _page(tiff(_whole(RAMP, 12), bits=12, tags={256: [100_000], 257: [100_000]}))
    assert raised.value.code == "page_too_large"


def test_pieces_that_are_missing_are_a_damaged_page() -> None:
    with pytest.raises(PageDamaged):
        _page(tiff(_whole(RAMP, 12), bits=12, tags={278: [5]}))


class TestSeveralDirectories:
    def _joined(self, *frames: Image.Image, **options: Any) -> ImagePages:
        out = io.BytesIO()
        frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:], **options)
        return ImagePages(io.BytesIO(out.getvalue()), DocumentFormat.TIFF, LIMITS)

    def test_page_of_a_kind_that_pillow_does_not_know_does_not_end_the_document(self) -> None:
        # Given three pages, of which the second counts white as zero in 16 bits
        frames = [Image.new("L", (10, 10), 10), Image.new("I;16", (20, 10)), Image.new("L", (30, 10), 10)]
        out = io.BytesIO()
        frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:])
        body = bytearray(out.getvalue())
        with Image.open(io.BytesIO(body)) as image:
            image.seek(1)
            directory = image.tag_v2.offset  # type: ignore[attr-defined]
        place = body.index(b"\x06\x01\x03\x00", directory) + 8
        body[place : place + 2] = b"\x00\x00"

        pages = ImagePages(io.BytesIO(bytes(body)), DocumentFormat.TIFF, LIMITS)

        assert pages.count() == 3
        assert [pages.render(number).image.size[0] for number in (1, 2, 3)] == [10, 20, 30]
        assert pages.render(2).image.getextrema() == (255, 255)

    def test_small_copies_and_masks_are_no_pages(self) -> None:
        frames = [Image.new("L", (width, 10), 10) for width in (100, 10, 90, 90)]
        out = io.BytesIO()
        for frame, kind in zip(frames, (0, 1, 2, 4), strict=True):
            frame.encoderinfo = {"tiffinfo": {254: kind}}
        frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:], tiffinfo={254: 0})

        pages = ImagePages(io.BytesIO(out.getvalue()), DocumentFormat.TIFF, LIMITS)

        assert pages.count() == 2
        assert [pages.render(number).image.width for number in (2, 1)] == [90, 100]
        with pytest.raises(PageDamaged):
            pages.render(3)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_of_the_old_kind_is_read(mode: str) -> None:
    # Given a whole JPEG file in a TIFF, as TIFF 6.0 had it before technical note 2
    picture, out = Image.linear_gradient("L"), io.BytesIO()
    picture.convert(mode).save(out, "JPEG", subsampling=0)
    jpeg, samples = out.getvalue(), {"L": 1, "RGB": 3}[mode]
    frame = tiff(np.zeros((256, 256, samples), "u1"), photometric={1: 1, 3: 6}[samples], compression=6)
    body = tiff(
        np.zeros((256, 256, samples), "u1"),
        photometric={1: 1, 3: 6}[samples],
        compression=6,
        tags={273: [len(frame) + 200], 279: [len(jpeg)], 513: [len(frame) + 200], 514: [len(jpeg)], 530: [1, 1]},
    )

    found = np.asarray(_page(body.ljust(len(frame) + 200, b"\0") + jpeg).image, dtype=float)

    assert np.abs(found - np.asarray(picture, dtype=float)).mean() < 3


@pytest.mark.parametrize("tags", [{513: [8], 514: [4]}, {}, {513: [10**9], 514: [100]}])
def test_jpeg_of_the_old_kind_that_is_not_there_harms_nobody(tags: dict[int, list[int]]) -> None:
    with pytest.raises(PageError):
        _page(tiff(np.zeros((16, 16, 1), "u1"), compression=6, tags=tags))


@pytest.mark.parametrize(
    "compression", ["group3", "group4", "tiff_ccitt", "packbits", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate"]
)
def test_black_and_white_in_every_compression(compression: str) -> None:
    image = Image.new("1", (100, 40), 1)
    image.paste(0, (0, 0, 50, 40))
    out = io.BytesIO()
    image.save(out, "TIFF", compression=compression)

    found = _page(out.getvalue()).image

    assert found.mode == "1"
    assert found.tobytes() == image.tobytes()


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "YCbCr"])
@pytest.mark.parametrize("compression", ["jpeg", "tiff_lzw", "zstd", "lzma", "packbits"])
def test_grey_and_colours_in_every_compression(compression: str, mode: str) -> None:
    if compression != "jpeg" and mode == "YCbCr":
        pytest.skip("Pillow does not write it")
    image = Image.linear_gradient("L").convert("RGB").convert(mode)
    out = io.BytesIO()
    image.save(out, "TIFF", compression=compression)

    found = np.asarray(_page(out.getvalue()).image, dtype=float)

    assert np.abs(found - np.asarray(Image.linear_gradient("L"), dtype=float)).mean() < 3

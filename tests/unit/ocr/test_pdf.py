import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pikepdf
import pypdfium2 as pdfium
import pytest
from PIL import Image

from ocr_platform.errors import (
    DocumentDamaged,
    DocumentTooLarge,
    PageDamaged,
    PageError,
    PageTooLarge,
    PasswordRequired,
    PasswordWrong,
    TooManyPages,
)
from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.opening import open_pages
from ocr_platform.ocr.pdf import PdfPages
from tests.data import broken
from tests.unit.ocr.support import limits

INCH = 72  # points
LIMITS = limits()


def _pdf(*sizes: tuple[float, float]) -> bytes:
    """A PDF of blank pages of these sizes in points."""
    document = pdfium.PdfDocument.new()
    for width, height in sizes:
        document.new_page(width, height).close()
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


@contextmanager
def _file(body: bytes) -> Iterator[BinaryIO]:
    """A document as the sandbox has it: PDFium maps it, so that it needs a descriptor."""
    with os.fdopen(os.memfd_create("document"), "w+b") as file:
        file.write(body)
        file.flush()
        yield file


def _opened(body: bytes, bounds: Limits = LIMITS, password: str | None = None) -> PdfPages:
    with _file(body) as file:
        return PdfPages(file, bounds, password)


def test_pages_are_counted_and_rendered_grey_at_the_resolution() -> None:
    pages = _opened(_pdf((2 * INCH, INCH), (INCH, INCH)))

    assert pages.count() == 2
    page = pages.render(1)
    assert (page.image.mode, page.image.size, page.dpi) == ("L", (600, 300), 300)


def test_blank_paper_is_white() -> None:
    assert _opened(_pdf((INCH, INCH)), limits(render_dpi=72)).render(1).image.getextrema() == (255, 255)


def test_scanned_page_comes_back_as_it_was() -> None:
    # Given half a page black, half white, at 100 dpi
    scan = Image.new("L", (200, 100), 255)
    scan.paste(0, (0, 0, 100, 100))
    out = io.BytesIO()
    scan.save(out, "PDF", resolution=100)

    image = _opened(out.getvalue(), limits(render_dpi=100)).render(1).image

    assert image.size == (200, 100)
    assert image.getpixel((20, 50)) == pytest.approx(0, abs=10)
    assert image.getpixel((180, 50)) == pytest.approx(255, abs=10)


def test_text_that_was_filled_into_a_form_is_seen_as_it_is_on_paper() -> None:
    # Given a form field with an appearance that blackens the page, and no other content
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (x) /F 4 /Rect [0 0 72 72] /AP << /N 5 0 R >> /P 3 0 R >>"
    )
    black = b"0 g 0 0 72 72 re f"
    body = broken._pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>",
            b"<< /Type /Pages /Count 1 /MediaBox [0 0 72 72] /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /Resources << >> /Annots [4 0 R] >>",
            field,
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 72 72] /Resources << >> /Length %d >>\nstream\n%s\nendstream"
            % (len(black), black),
        ]
    )

    image = _opened(body, limits(render_dpi=72)).render(1).image

    assert image.getpixel((36, 36)) == pytest.approx(0, abs=60)


def test_rotated_page_is_rendered_as_it_is_shown() -> None:
    body = broken._pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /MediaBox [0 0 144 72] /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /Rotate 90 /Resources << >> >>",
        ]
    )

    assert _opened(body, limits(render_dpi=72)).render(1).image.size == (72, 144)


def test_password_is_asked_for() -> None:
    with pytest.raises(PasswordRequired):
        _opened(broken.password_pdf())


def _encrypted(version: int, *, user: str, owner: str) -> bytes:
    """A page of one inch, encrypted: 2 and 3 by RC4, 4 by AES of 128 bits, 5 and 6 by AES of 256."""
    out = io.BytesIO()
    with pikepdf.Pdf.open(io.BytesIO(_pdf((INCH, INCH)))) as document:
        wanted = pikepdf.Encryption(
            user=user,
            owner=owner,
            R=version,  # type: ignore[arg-type]
            aes=version >= 4,
            metadata=version >= 4,
            allow=pikepdf.Permissions(extract=False, accessibility=False, print_lowres=False, print_highres=False),
        )
        document.save(out, encryption=wanted)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:.*weak.*")
@pytest.mark.parametrize("version", [3, 4, 6])
class TestPasswords:
    def test_pdf_that_only_its_owner_may_change_is_read_without_any(self, version: int) -> None:
        # Given a PDF that forbids to print it and to take its text: it is its owner's own service that reads it
        body = _encrypted(version, user="", owner="only-mine")

        assert _opened(body).render(1).image.size == (300, 300)
        assert _opened(body, password="not the owner's").render(1).image.size == (300, 300)

    @pytest.mark.parametrize("password", ["open sesame", "only-mine"])
    def test_the_users_and_the_owners_open_it(self, version: int, password: str) -> None:
        body = _encrypted(version, user="open sesame", owner="only-mine")

        assert _opened(body, password=password).render(1).image.size == (300, 300)

    @pytest.mark.parametrize("password", ["", "open", "OPEN SESAME", "open sesame ", "x" * 5000])
    def test_wrong_one_is_told_from_none(self, version: int, password: str) -> None:
        body = _encrypted(version, user="open sesame", owner="only-mine")

        with pytest.raises(PasswordWrong):
            _opened(body, password=password)
        with pytest.raises(PasswordRequired):
            _opened(body)


@pytest.mark.filterwarnings("ignore:.*weak.*")
@pytest.mark.parametrize(
    ("version", "password"), [(3, "Grüße"), (4, "Grüße"), (6, "Grüße"), (6, "пароль"), (6, "密码")]
)
def test_password_may_have_letters_of_any_kind(version: int, password: str) -> None:
    # Older versions know those of Latin alone
    assert _opened(_encrypted(version, user=password, owner=password), password=password).count() == 1


def test_password_that_is_not_needed_is_not_looked_at() -> None:
    assert _opened(_pdf((INCH, INCH)), password="whatever").count() == 1


def _drawn(page: bytes, *objects: bytes) -> Image.Image:
    """A page of one inch with these entries, on which its resources may be the objects from 4 on."""
    body = broken._pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /MediaBox [0 0 72 72] /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R %s >>" % page,
            *objects,
        ]
    )
    return _opened(body, limits(render_dpi=72)).render(1).image


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def test_page_is_cropped_as_it_is_shown() -> None:
    # Given a page that is black but for what its crop box shows
    black = _stream(b"0 g 0 0 72 72 re f 1 g 10 20 30 40 re f")

    image = _drawn(b"/CropBox [10 20 40 60] /Resources << >> /Contents 4 0 R", black)

    assert image.size == (30, 40)
    assert image.getextrema() == (255, 255)


def test_note_on_a_page_is_seen_as_it_is_on_paper() -> None:
    note = b"<< /Type /Annot /Subtype /FreeText /F 4 /Rect [0 0 72 72] /AP << /N 5 0 R >> >>"
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 72 72] /Resources << >>"

    image = _drawn(b"/Resources << >> /Annots [4 0 R]", note, _stream(b"0 g 0 0 72 72 re f", form))

    assert image.getextrema() == (0, 0)


def test_note_that_is_hidden_is_not_seen() -> None:
    note = b"<< /Type /Annot /Subtype /FreeText /F 2 /Rect [0 0 72 72] /AP << /N 5 0 R >> >>"
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 72 72] /Resources << >>"

    image = _drawn(b"/Resources << >> /Annots [4 0 R]", note, _stream(b"0 g 0 0 72 72 re f", form))

    assert image.getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("entries", "body"),
    [
        pytest.param(
            b"/Filter /CCITTFaxDecode /BitsPerComponent 1 /DecodeParms << /K -1 /Columns 64 /Rows 64 >>", "g4"
        ),
        pytest.param(b"/Filter /JPXDecode", "jpx"),
        pytest.param(b"/Filter /DCTDecode /BitsPerComponent 8", "jpeg"),
    ],
)
def test_scan_in_any_compression_is_drawn(entries: bytes, body: str) -> None:
    # Given a scan that is black on its left half
    scan = Image.new("L", (64, 64), 255)
    scan.paste(0, (0, 0, 32, 64))
    out = io.BytesIO()
    if body == "g4":
        scan.convert("1").save(out, "TIFF", compression="group4")
        with Image.open(out) as tiff:
            (place,), (size,) = tiff.tag_v2[273], tiff.tag_v2[279]  # type: ignore[attr-defined]
        packed, entries = out.getvalue()[place : place + size], entries.replace(b">>", b"/BlackIs1 true >>")
    else:
        scan.save(out, {"jpx": "JPEG2000", "jpeg": "JPEG"}[body])
        packed = out.getvalue()
    picture = _stream(packed, b"/Type /XObject /Subtype /Image /Width 64 /Height 64 /ColorSpace /DeviceGray " + entries)

    image = _drawn(
        b"/Resources << /XObject << /I 5 0 R >> >> /Contents 4 0 R", _stream(b"72 0 0 72 0 0 cm /I Do"), picture
    )

    assert image.getpixel((10, 36)) == pytest.approx(0, abs=20)
    assert image.getpixel((60, 36)) == pytest.approx(255, abs=20)


@pytest.mark.parametrize("body", [broken.damaged_pdf(), b"%PDF-1.7", b"%PDF-1.7\n" + bytes(100)])
def test_what_is_no_pdf_inside_is_a_damaged_document(body: bytes) -> None:
    with pytest.raises(DocumentDamaged):
        _opened(body).count()


def test_pdf_without_pages_is_a_damaged_document() -> None:
    body = broken._pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 0 /Kids [] >>"])

    with pytest.raises(DocumentDamaged):
        _opened(body).count()


def test_pages_over_the_limit_are_refused_at_once() -> None:
    body = broken.many_pages_pdf()

    with pytest.raises(TooManyPages):
        _opened(body, limits(max_pages=broken.MANY_PAGES - 1)).count()
    assert _opened(body, limits(max_pages=broken.MANY_PAGES)).count() == broken.MANY_PAGES


def test_pages_that_have_too_many_pixels_together_are_refused_before_one_is_drawn() -> None:
    # Given three square inches at 300 dpi: 270,000 pixels
    body = _pdf(*[(INCH, INCH)] * 3)

    with pytest.raises(DocumentTooLarge):
        _opened(body, limits(max_document_pixels=269_999)).count()
    assert _opened(body, limits(max_document_pixels=270_000)).count() == 3


def test_pages_count_for_what_they_are_drawn_at_and_not_for_what_they_would_be() -> None:
    # Given 10 inches by 10 of which a page may have 4 million pixels, and 4 million for all
    body = _pdf((10 * INCH, 10 * INCH))

    assert _opened(body, limits(max_pixels=4_000_000, max_document_pixels=4_000_000)).count() == 1


def test_page_that_is_refused_by_itself_leaves_the_others_their_budget() -> None:
    pages = _opened(
        _pdf((INCH, INCH), (100 * INCH, 100 * INCH), (INCH, INCH)),
        limits(max_pixels=1_000_000, max_document_pixels=200_000),
    )

    assert pages.count() == 3
    with pytest.raises(PageTooLarge):
        pages.render(2)
    assert [pages.render(number).image.size for number in (1, 3)] == [(300, 300)] * 2


@pytest.mark.parametrize(("inches", "fits"), [(20.0, True), (20.1, False)])
def test_page_with_a_longer_side_than_allowed_is_refused(inches: float, fits: bool) -> None:
    # Given a strip that has few pixels: PDFium lays out the whole sheet before it draws
    pages = _opened(_pdf((inches * INCH, INCH)), limits(max_page_inches=20))

    assert pages.count() == 1
    if fits:
        assert pages.render(1).image.size == (6000, 300)
        return
    with pytest.raises(PageTooLarge):
        pages.render(1)


def test_document_is_read_after_its_file_was_closed_and_not_copied() -> None:
    # What holds the bytes is the mapping: the sandbox's descriptor may have moved on
    pages = _opened(_pdf((INCH, INCH)))

    assert pages.render(1).image.size == (300, 300)


@pytest.mark.parametrize("number", [2, 100_000])
def test_page_beyond_the_last_is_damaged(number: int) -> None:
    with pytest.raises(PageError):
        _opened(_pdf((INCH, INCH))).render(number)


def test_page_object_that_is_missing_is_a_damaged_page_and_the_others_stay() -> None:
    body = broken._pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 2 /MediaBox [0 0 72 72] /Kids [3 0 R 9 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /Resources << >> >>",
        ]
    )
    pages = _opened(body, limits(render_dpi=72))

    assert pages.render(1).image.size == (72, 72)
    with pytest.raises(PageDamaged):
        pages.render(2)


def test_big_page_is_rendered_at_less_resolution() -> None:
    # Given 10 inches by 10, at 300 dpi 9 million pixels, and 4 million allowed
    page = _opened(_pdf((10 * INCH, 10 * INCH)), limits(max_pixels=4_000_000)).render(1)

    assert page.dpi == 200
    assert page.image.width * page.image.height <= 4_000_000


@pytest.mark.parametrize("size", [(7.013 * INCH, 9.977 * INCH), (INCH / 3, 33 * INCH)])
def test_reduced_page_keeps_within_the_limit_whatever_its_size(size: tuple[float, float]) -> None:
    # PDFium rounds sides up: the last pixel row counts too.
    page = _opened(_pdf(size), limits(max_pixels=1_000_000)).render(1)

    assert page.image.width * page.image.height <= 1_000_000


def test_page_that_would_be_illegible_at_any_size_that_fits_is_refused() -> None:
    # Given 100 inches by 100, which at 100 dpi are 100 million pixels
    pages = _opened(_pdf((100 * INCH, 100 * INCH)), limits(max_pixels=50_000_000))

    with pytest.raises(PageTooLarge):
        pages.render(1)


def test_page_longer_than_the_recogniser_takes_is_refused() -> None:
    # Given a strip of 199 by 0.1 inches: few pixels, but 59,700 on one side
    pages = _opened(_pdf((199 * INCH, 0.1 * INCH)))

    with pytest.raises(PageTooLarge):
        pages.render(1)


def test_low_resolution_that_was_asked_for_is_no_reason_to_refuse() -> None:
    assert _opened(_pdf((INCH, INCH)), limits(render_dpi=72)).render(1).dpi == 72


@pytest.mark.parametrize(
    ("body", "format", "size"),
    [(_pdf((INCH, INCH)), DocumentFormat.PDF, (100, 100)), (broken.damaged_png(), DocumentFormat.PNG, None)],
)
def test_document_is_opened_by_the_decoder_of_its_format(
    body: bytes, format: DocumentFormat, size: tuple[int, int] | None
) -> None:
    with _file(body) as file:
        pages = open_pages(file, format, limits(render_dpi=100))

        assert pages.count() == 1
        if size is not None:
            assert pages.render(1).image.size == size

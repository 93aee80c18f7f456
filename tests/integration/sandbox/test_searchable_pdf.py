"""Searchable PDFs from real sandboxes: doors shut, limits set."""

import io
import logging
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest

from ocr_platform.errors import DocumentError, OutputTooLarge, PageTimeout, PasswordRequired
from ocr_platform.models import EngineName, PageResult, PdfWay, Word
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import broken
from tests.data.pages import tiff_bytes
from tests.integration.sandbox.conftest import MakeReader
from tests.integration.sandbox.support import NOTE, endless_pdf, host_of, note, note_png, read
from tests.processes import alive

WORD = Word("Lorem", 10, 10, 60, 20, 90.0, 1, 1, 1)


@pytest.fixture
def engine() -> EngineName:
    """One is enough: none of them is asked for anything but pages."""
    return EngineName.TESSEROCR


def _made(reader: SandboxReader, body: bytes, *pages: PageResult) -> tuple[bytes, PdfWay]:
    with reader.load([body]) as document:
        made = reader.searchable_pdf(document, pages)
    return made.body, made.way


def _text(body: bytes, number: int = 1) -> str:
    text: str = pdfium.PdfDocument(body)[number - 1].get_textpage().get_text_range()
    return text


def _pdf(pages: int = 1) -> bytes:
    file = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page(page_size=(200, 100))
        pdf.save(file)
    return file.getvalue()


def test_page_that_was_recognised_is_searchable(reader: SandboxReader) -> None:
    body = note_png()
    page = read(reader, body)

    made, way = _made(reader, body, page)

    assert way is PdfWay.WRAPPED
    assert _text(made).split() == NOTE.split()


def test_structure_is_kept_and_the_sandbox_ends(reader: SandboxReader) -> None:
    made, way = _made(
        reader, _pdf(2), PageResult(1, 400, 200, 144, "Lorem", (WORD,)), PageResult(2, error="page_memory")
    )

    assert way is PdfWay.GRAFTED
    assert _text(made).strip() == "Lorem"
    with pikepdf.Pdf.open(io.BytesIO(made)) as opened:
        assert opened.check_pdf_syntax() == []
    assert alive(*host_of(reader).children(recursive=True)) == []


def test_same_document_and_pages_give_the_same_bytes(reader: SandboxReader) -> None:
    body, page = _pdf(), PageResult(1, 400, 200, 144, "Lorem", (WORD,))

    assert _made(reader, body, page) == _made(reader, body, page)


def test_thousand_pages_of_words_go_through(reader: SandboxReader) -> None:
    words = tuple(
        Word(f"word{place}", place % 20 * 20, place // 20 * 4, 18, 3, 90.0, 1, 1, place // 20) for place in range(300)
    )
    pages = [PageResult(number, 400, 200, 144, "", words) for number in range(1, 1001)]

    made, _ = _made(reader, _pdf(1000), *pages)

    assert len(_text(made, 1000).split()) == 300


def _picture(kind: str, mode: str, **options: Any) -> bytes:
    file = io.BytesIO()
    note(NOTE).convert(mode).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("TIFF", "1", {"compression": "group4", "tiffinfo": {278: 16}}),
        ("TIFF", "1", {"compression": "group3"}),
        ("TIFF", "L", {"compression": "tiff_lzw"}),
        ("TIFF", "RGB", {}),
        ("TIFF", "CMYK", {"compression": "tiff_adobe_deflate"}),
        ("PNG", "L", {}),
        ("PNG", "RGBA", {}),
        ("JPEG", "L", {}),
        ("JPEG", "CMYK", {}),
    ],
)
def test_picture_is_seen_in_the_pdf_as_it_is_in_the_file(
    reader: SandboxReader, kind: str, mode: str, options: dict[str, Any]
) -> None:
    # A sandbox refuses what a library may want for this: a picture that is lost must not go unnoticed
    expected = note(NOTE)
    page = PageResult(1, *expected.size, 100, "Lorem", (WORD,))

    made, way = _made(reader, _picture(kind, mode, **options), page)

    assert way is PdfWay.WRAPPED
    assert _text(made).strip() == "Lorem"
    shown = pdfium.PdfDocument(made)[0].render(scale=100 / 72, grayscale=True).to_pil().convert("L")
    assert abs(np.asarray(shown, dtype=int).mean() - np.asarray(expected, dtype=int).mean()) < 12
    assert np.asarray(shown).min() < 90


def test_every_page_of_a_tiff_is_a_page(reader: SandboxReader) -> None:
    body = tiff_bytes([note(NOTE), note(NOTE)], (100, 100), "tiff_lzw")

    made, _ = _made(reader, body, PageResult(1, 400, 200, 100), PageResult(2, 400, 200, 100))

    with pikepdf.Pdf.open(io.BytesIO(made)) as pdf:
        assert ["/Picture" in page.obj.Resources.XObject for page in pdf.pages] == [True, True]


def test_output_that_would_be_too_large_is_an_error_of_its_own(make_reader: MakeReader) -> None:
    reader = make_reader(max_output_bytes=2000)

    with pytest.raises(OutputTooLarge):
        _made(reader, note_png(), PageResult(1, 400, 200, 144))

    assert alive(*host_of(reader).children(recursive=True)) == []
    assert _made(reader, _pdf(), PageResult(1, 400, 200, 144))[1] is PdfWay.GRAFTED


def test_pdf_whose_structure_only_a_renderer_makes_sense_of_is_drawn(
    reader: SandboxReader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # qpdf mends what PDFium mends, and more; so the page that it is to be grafted on makes its parser give up
    nested = b"[" * 600 + b"]" * 600
    body = _pdf().replace(b"/Resources <<", b"/Nested " + nested + b" /Resources <<")
    page = PageResult(1, 400, 200, 144, "Lorem", (WORD,))

    with caplog.at_level(logging.WARNING):
        made, way = _made(reader, body, page)

    assert way is PdfWay.DRAWN
    assert _text(made).strip() == "Lorem"
    assert [record.message for record in caplog.records] == ["pdf_not_grafted"]
    with pikepdf.Pdf.open(io.BytesIO(made)) as drawn:
        assert "/Picture" in drawn.pages[0].obj.Resources.XObject


@pytest.mark.parametrize("body", [broken.damaged_pdf, lambda: b"%PDF-1.7"])
def test_what_no_way_leads_through_is_an_error_of_the_document(
    reader: SandboxReader, body: Callable[[], bytes]
) -> None:
    with pytest.raises(DocumentError):
        _made(reader, body(), PageResult(1, 400, 200, 144, "Lorem", (WORD,)))


def test_pdf_that_takes_too_long_is_a_timeout_and_nothing_runs_on(make_reader: MakeReader) -> None:
    # Given pages that are each painted for minutes, and a PDF that qpdf gives up on
    reader = make_reader(page_timeout=1.5)
    body = endless_pdf().replace(b"/Parent 2 0 R", b"/Parent 2 0 R /Nested " + b"[" * 600 + b"]" * 600)
    started = time.monotonic()

    with pytest.raises(PageTimeout):
        _made(reader, body, PageResult(1, 400, 200, 144, "Lorem", (WORD,)))

    assert time.monotonic() - started < 30
    assert alive(*host_of(reader).children(recursive=True)) == []


def test_document_with_a_password_is_made_with_it_and_comes_out_without(reader: SandboxReader) -> None:
    with reader.load([broken.password_pdf()], broken.PASSWORD) as document:
        made = reader.searchable_pdf(document, [PageResult(1, 400, 200, 144, words=(WORD,))])

    assert made.way is PdfWay.GRAFTED
    assert "Lorem" in _text(made.body)  # opens without a password


def test_document_with_a_password_is_refused_without_it(reader: SandboxReader) -> None:
    with pytest.raises(PasswordRequired):
        _made(reader, broken.password_pdf(), PageResult(1, 400, 200, 144))

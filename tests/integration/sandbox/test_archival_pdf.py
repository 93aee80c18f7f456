"""PDF/A from real sandboxes: doors shut, limits set, and looked at again from outside."""

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest
from pikepdf import pdfa
from PIL import Image

from ocr_platform.errors import PdfaMissing
from ocr_platform.models import EngineName, PageResult, PdfLoss, PdfWay, SearchablePdf, Word
from ocr_platform.sandbox.process import HOST_PROGRAM
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import broken
from tests.data.embedded import embedded_pdf, with_everything
from tests.integration.sandbox.conftest import MakeReader
from tests.integration.sandbox.support import ENVIRONMENT, NOTE, config, host_of, note, note_png, read
from tests.processes import alive

WORD = Word("Lorem", 10, 150, 60, 20, 90.0, 1, 1, 1)
PAGE = PageResult(1, 400, 200, 144, "Lorem", (WORD,))
# A host in which one library of the extra cannot be found.
WITHOUT = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "fontTools" else found(name, *rest)
from ocr_platform.sandbox.host import main
main(sys.argv)
"""


@pytest.fixture
def engine() -> EngineName:
    """One is enough: none of them is asked for anything but pages."""
    return EngineName.TESSEROCR


def _made(reader: SandboxReader, body: bytes, *pages: PageResult, archival: bool = True) -> SearchablePdf:
    with reader.load([body]) as document:
        return reader.searchable_pdf(document, pages, archival=archival)


def _require_approved(made: SearchablePdf) -> None:
    assert pdfa.validate_written(io.BytesIO(made.body), "2b").findings == []
    with pikepdf.Pdf.open(io.BytesIO(made.body)) as pdf:
        assert pdf.check_pdf_syntax() == []


def _text(body: bytes) -> str:
    text: str = pdfium.PdfDocument(body)[0].get_textpage().get_text_range()
    return text


@pytest.mark.parametrize("kind", ["truetype", "cff"])
def test_page_with_its_font_is_kept(reader: SandboxReader, kind: str) -> None:
    # Font programs are read by modules that nobody could import any more: what is missing would be a page drawn
    made = _made(reader, embedded_pdf(kind), PAGE)

    assert made.way is PdfWay.GRAFTED
    _require_approved(made)
    assert {"AAA", "Lorem"} <= set(_text(made.body).split())
    assert alive(*host_of(reader).children(recursive=True)) == []


def test_page_whose_font_is_not_there_is_drawn_and_the_log_says_so(
    reader: SandboxReader, caplog: pytest.LogCaptureFixture
) -> None:
    made = _made(reader, embedded_pdf("none"), PAGE)

    assert made.way is PdfWay.REDRAWN
    _require_approved(made)
    assert _text(made.body).split() == ["Lorem"]
    told = [(record.message, vars(record)["code"]) for record in caplog.records]
    assert told == [("pdf_not_grafted", "pdfa_refused")]


def test_what_is_lost_is_told(reader: SandboxReader) -> None:
    made = _made(reader, with_everything(), PAGE, PageResult(2, 400, 200, 144))

    assert made.way is PdfWay.GRAFTED
    _require_approved(made)
    assert set(made.lost) == set(PdfLoss) - {PdfLoss.LAYERS, PdfLoss.TAGS}


def test_pdf_that_only_a_renderer_makes_sense_of_is_pdfa_all_the_same(
    reader: SandboxReader, caplog: pytest.LogCaptureFixture
) -> None:
    nested = b"[" * 600 + b"]" * 600
    body = embedded_pdf().replace(b"/Type /Page ", b"/Type /Page /Nested " + nested + b" ")
    assert nested in body

    made = _made(reader, body, PAGE)

    assert made.way is PdfWay.DRAWN
    _require_approved(made)
    assert [record.message for record in caplog.records] == ["pdf_not_grafted", "pdf_not_redrawn"]


def test_document_with_a_password_comes_out_without(reader: SandboxReader) -> None:
    with reader.load([broken.password_pdf()], broken.PASSWORD) as document:
        made = reader.searchable_pdf(document, [PAGE], archival=True)

    _require_approved(made)
    assert "Lorem" in _text(made.body)


def _picture(kind: str, mode: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image = note(NOTE).convert("L")
    deep = Image.fromarray(np.asarray(image, dtype=np.uint16) * 257)
    (deep if mode == "I;16" else image.convert(mode)).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "options", "way"),
    [
        ("TIFF", "1", {"compression": "group4"}, PdfWay.WRAPPED),
        ("JPEG", "L", {}, PdfWay.WRAPPED),
        ("JPEG", "RGB", {}, PdfWay.WRAPPED),
        ("PNG", "RGBA", {}, PdfWay.WRAPPED),
        ("PNG", "I;16", {}, PdfWay.WRAPPED),
        ("JPEG", "CMYK", {}, PdfWay.DRAWN),
        ("JPEG2000", "RGB", {}, PdfWay.DRAWN),
    ],
)
def test_picture_of_any_kind_is_approved(
    reader: SandboxReader, kind: str, mode: str, options: dict[str, Any], way: PdfWay
) -> None:
    expected = note(NOTE)

    made = _made(reader, _picture(kind, mode, **options), PageResult(1, *expected.size, 100, "Lorem", (WORD,)))

    assert made.way is way
    _require_approved(made)
    assert _text(made.body).strip() == "Lorem"


def test_words_are_those_of_the_searchable_pdf(reader: SandboxReader, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    body = note_png()
    page = read(reader, body)
    texts = []
    for archival in (False, True):
        path = tmp_path / f"{archival}.pdf"
        path.write_bytes(_made(reader, body, page, archival=archival).body)
        texts.append(subprocess.run(["pdftotext", "-raw", path, "-"], check=True, capture_output=True).stdout)

    assert texts[0] == texts[1]
    assert texts[0].decode().split() == NOTE.split()


@pytest.mark.parametrize("kind", ["truetype", "none"])
def test_same_document_and_words_give_the_same_bytes(make_reader: MakeReader, kind: str) -> None:
    first, second = (_made(make_reader(), with_everything(kind), PAGE, PageResult(2, 400, 200, 144)) for _ in range(2))

    assert first == second


def test_worker_without_the_extra_says_so_and_makes_what_it_can(
    scratch: Path, caplog: pytest.LogCaptureFixture, make_reader: MakeReader
) -> None:
    program = (HOST_PROGRAM[0], "-c", WITHOUT)
    reader = SandboxReader(config(engine=EngineName.TESSEROCR), scratch, ENVIRONMENT, program)
    try:
        with pytest.raises(PdfaMissing):
            _made(reader, embedded_pdf(), PAGE)
        assert [(record.message, vars(record)["extra"]) for record in caplog.records] == [("pdfa_missing", "pdfa")]
        assert _made(reader, embedded_pdf(), PAGE, archival=False).way is PdfWay.GRAFTED
    finally:
        reader.close()

"""PDFs made of pages of our own, before the doors close: libraries load parts of themselves when first needed."""

import io
import os
from typing import BinaryIO

import pikepdf
from PIL import Image

from ocr_platform.models import DocumentFormat, PageResult, PdfWay, Word
from ocr_platform.ocr.limits import Limits
from ocr_platform.sandbox.pdf.building import begin

SIDE = 64
_PASSWORD = "sample"  # noqa: S105  of a page of our own
_WORD = Word("Aא\U00020000", 8, 8, 16, 16, 90.0, 1, 1, 1)
_PAGE = PageResult(1, SIDE, SIDE, 72, _WORD.text, (_WORD,))
_MODES = {"1": "TIFF", "RGBA": "PNG", "CMYK": "TIFF", "RGB": "JPEG"}


def warm_up_pdf(limits: Limits) -> None:
    """Make a PDF in every way, of pictures of several kinds."""
    grafted = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page(page_size=(SIDE, SIDE))
        pdf.pages[0].Contents = pdf.make_stream(b"BT 3 Tr /F 1 Tf (a) Tj ET")
        pdf.save(grafted)
        for revision in (4, 6):  # AES with 128 and with 256 bits
            locked = io.BytesIO()
            pdf.save(locked, encryption=pikepdf.Encryption(owner=_PASSWORD, user=_PASSWORD, R=revision))
            make_sample(PdfWay.GRAFTED, locked.getvalue(), DocumentFormat.PDF, limits, _PASSWORD)
    for way in (PdfWay.GRAFTED, PdfWay.DRAWN):
        make_sample(way, grafted.getvalue(), DocumentFormat.PDF, limits)
    for mode, name in _MODES.items():
        body = io.BytesIO()
        Image.new(mode, (SIDE, SIDE)).save(body, name)
        make_sample(PdfWay.WRAPPED, body.getvalue(), DocumentFormat(name.lower()), limits)


def make_sample(
    way: PdfWay,
    body: bytes,
    format: DocumentFormat,
    limits: Limits,
    password: str | None = None,
    *,
    archival: bool = False,
) -> None:
    """Make a PDF of a document of our own."""
    with _memory() as source, _memory() as target:
        source.write(body)
        source.flush()
        building = begin(way, source, format, limits, password, archival=archival)
        building.add(_PAGE)
        building.finish(target)


def _memory() -> BinaryIO:
    return os.fdopen(os.memfd_create("sample", os.MFD_CLOEXEC), "w+b")

"""PDF/A made as in a sandbox, and what an independent look says of it."""

import io
import os
from collections.abc import Collection

import pikepdf
from pikepdf import pdfa

from ocr_platform.models import DocumentFormat, PageResult, PdfLoss, PdfWay, Word
from ocr_platform.ocr.formats import HEAD_BYTES, sniff
from ocr_platform.sandbox.pdf.building import begin
from tests.unit.sandbox.pdf.support import LIMITS

WORD = Word("Hand", 100, 150, 80, 20, 90.0, 1, 1, 1)
PAGE = PageResult(1, 400, 200, 144, WORD.text, (WORD,))


def archived(
    body: bytes, *pages: PageResult, way: PdfWay = PdfWay.GRAFTED, password: str | None = None
) -> tuple[bytes, Collection[PdfLoss]]:
    """A document as PDF/A with the words of its pages, and what was taken out. Raises PdfaRefused."""
    with _memory() as source, _memory() as target:
        source.write(body)
        source.flush()
        target.truncate(10_000_000)  # as a sandbox has it: longer than what is written
        building = begin(way, source, _kind(body), LIMITS, password, archival=True)
        for page in pages:
            building.add(page)
        lost = building.finish(target)
        size = target.tell()
        target.seek(0)
        return target.read(size), lost


def verdict(body: bytes) -> str:
    """What pikepdf's validator says of the bytes, opened anew: `pass` when it approves."""
    with pikepdf.Pdf.open(io.BytesIO(body), inherit_page_attributes=False) as pdf:
        predicted = pdfa.check(pdf, "2b").verdict
    written = pdfa.validate_written(io.BytesIO(body), "2b").verdict
    return written if written == predicted else f"{predicted}, {written}"


def _kind(body: bytes) -> DocumentFormat:
    kind = sniff(body[:HEAD_BYTES])
    assert kind is not None
    return kind


def _memory() -> io.BufferedRandom:
    return os.fdopen(os.memfd_create("test", os.MFD_CLOEXEC), "w+b")

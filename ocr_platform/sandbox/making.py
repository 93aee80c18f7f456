"""Having a searchable PDF made: what is sent to a sandbox, what it answers, and what is tried when it fails."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ocr_platform.errors import DecoderCrash, DocumentError, PdfaMissing
from ocr_platform.models import DocumentFormat, PageResult, PdfLoss, PdfWay, SearchablePdf
from ocr_platform.sandbox import answers
from ocr_platform.sandbox.endings import Killed
from ocr_platform.sandbox.frames import MAX_FRAME_BYTES

_log = logging.getLogger(__name__)

# Structure is kept where it can be; a PDF that nothing but a renderer can make sense of comes out all the same.
# By whether it is a PDF, and whether PDF/A is to come out, of which a validator approves or not.
_WAYS = {
    (True, False): (PdfWay.GRAFTED, PdfWay.DRAWN),
    (False, False): (PdfWay.WRAPPED,),
    (True, True): (PdfWay.GRAFTED, PdfWay.REDRAWN, PdfWay.DRAWN),
    (False, True): (PdfWay.WRAPPED, PdfWay.DRAWN),
}
_LEFT = {
    PdfWay.GRAFTED: "pdf_not_grafted",
    PdfWay.WRAPPED: "pdf_not_wrapped",
    PdfWay.REDRAWN: "pdf_not_redrawn",
}
_HEADER = b"%PDF-"
# Of a frame; generous, since a page that came in one frame must go in one.
_WORD_BYTES, _CHARACTER_BYTES, _PAGE_BYTES = 200, 6, 400
_CHUNK_BYTES = MAX_FRAME_BYTES // 4


def by_any_way(
    make: Callable[[PdfWay], SearchablePdf], format: DocumentFormat | None, *, archival: bool = False
) -> SearchablePdf:
    """The first way that works for a document of this format. Raises the last one's DocumentError, and PdfaMissing."""
    *others, last = _WAYS[format is DocumentFormat.PDF, archival]
    for way in others:
        try:
            return _again_if_killed(make, way)
        except PdfaMissing:
            _log.warning("pdfa_missing", extra={"extra": "pdfa"})
            raise
        except DocumentError as exc:
            _log.warning(_LEFT[way], extra={"code": exc.code})
    return _again_if_killed(make, last)


def sent(
    ask: Callable[[dict[str, Any]], dict[str, Any]],
    way: PdfWay,
    pages: Sequence[PageResult],
    most: int,
    *,
    archival: bool = False,
) -> tuple[int, tuple[PdfLoss, ...]]:
    """Have a PDF made of all pages; how many bytes it has, at most `most`, and what was lost.

    Raises what `ask` raises, DecoderCrash.
    """
    try:
        answers.done(ask({"do": "pdf", "way": way, "archival": archival}))
        for chunk in _chunks(pages, one_by_one=way is not PdfWay.GRAFTED):
            answers.done(ask({"do": "pdf_pages", "pages": [page.as_dict() for page in chunk]}))
        return answers.output(ask({"do": "pdf_end"}), most)
    except answers.LieError:
        raise DecoderCrash from None


def checked(body: bytes) -> bytes:
    """The bytes of what should be a PDF. Raises DecoderCrash."""
    if not body.startswith(_HEADER):
        raise DecoderCrash
    return body


def _again_if_killed(make: Callable[[PdfWay], SearchablePdf], way: PdfWay) -> SearchablePdf:
    """A sandbox that was killed from outside may have been anybody's victim: it gets a second one."""
    try:
        return make(way)
    except Killed:
        _log.warning("sandbox_killed")
        return make(way)


def _chunks(pages: Sequence[PageResult], *, one_by_one: bool) -> Iterator[list[PageResult]]:
    """Pages in order, as many at a time as fit into a frame; one where each is a picture to be decoded."""
    chunk: list[PageResult] = []
    room = _CHUNK_BYTES
    for page in pages:
        size = _PAGE_BYTES + len(page.words) * _WORD_BYTES + len(page.text) * _CHARACTER_BYTES
        if chunk and (one_by_one or size > room):
            yield chunk
            chunk, room = [], _CHUNK_BYTES
        chunk.append(page)
        room -= size
    if chunk:
        yield chunk

"""What is drawn on a PDF page beside its text: pictures, letters drawn as curves, and what lies over what."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium_c

from ocr_platform.ocr.frame import Box, Frame

# Objects beyond are not looked at: a page of tables has some thousands. What is seen by then decides.
_MAX_OBJECTS = 20_000
_MAX_DEPTH = 8
# Annotations that show nothing on paper, or only a frame: links, windows for notes, and those for printers.
_SILENT = frozenset(
    {
        pdfium_c.FPDF_ANNOT_LINK,
        pdfium_c.FPDF_ANNOT_POPUP,
        pdfium_c.FPDF_ANNOT_TEXT,
        pdfium_c.FPDF_ANNOT_PRINTERMARK,
        pdfium_c.FPDF_ANNOT_TRAPNET,
    }
)
_MAX_ANNOTATIONS = 1000
# A letter's outline has a dozen segments or more; lines, frames and bars have five at most.
_OUTLINE_SEGMENTS = 8
# Tallest letter that is drawn as a curve of its own, in inches; a path around several letters may be wider.
_LETTER_INCHES = 1.0

_Matrix = tuple[float, float, float, float, float, float]
_PLAIN: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class PageObjects:
    """What a page is made of. `pictures` and `outlines` (letters drawn as curves, it seems) are boxes on the page.

    `texts_below` counts pieces of text that were drawn before a picture that lies over most of the page and lets
    nothing through, and `texts` all of them.
    """

    count: int = 0
    pictures: list[Box] = field(default_factory=list)
    outlines: list[Box] = field(default_factory=list)
    texts: int = 0
    texts_below: int = 0


def has_annotations(page: Any) -> bool:
    """Whether something may be shown over the page's own content: a form that is filled in, a stamp, a remark."""
    for index in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if annotation:
            kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
            pdfium_c.FPDFPage_CloseAnnot(annotation)
            if kind not in _SILENT:
                return True
    return False


def read_objects(page: Any, frame: Frame, most: float) -> PageObjects:
    """Look at a PDFium page; pictures that cover more than `most` of its area (0 to 1) hide the text below them."""
    found = PageObjects()
    area = frame.width * frame.height
    for kind, drawn, matrix in _objects(page):
        found.count += 1
        if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
            found.texts += 1
        elif kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            if pdfium_c.FPDFPath_CountSegments(drawn) >= _OUTLINE_SEGMENTS:
                box = _box(drawn, matrix, frame)
                if box is not None and box[3] - box[1] <= _LETTER_INCHES * frame.dpi:
                    found.outlines.append(box)
        elif kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            box = _box(drawn, matrix, frame)
            if box is None:
                continue
            found.pictures.append(box)
            if (box[2] - box[0]) * (box[3] - box[1]) > most * area and not _lets_through(drawn):
                found.texts_below = found.texts
    return found


def _lets_through(drawn: Any) -> bool:
    """Whether what lies below a picture is seen: masks and watermarks are drawn so."""
    return bool(pdfium_c.FPDFPageObj_HasTransparency(drawn))


def _objects(page: Any) -> Iterator[tuple[int, Any, _Matrix]]:
    """Kind, handle and matrix of what is drawn, in order, that of form XObjects too."""
    left = _MAX_OBJECTS
    stack = [_children(page, pdfium_c.FPDFPage_CountObjects, pdfium_c.FPDFPage_GetObject, _PLAIN)]
    while stack:
        item = next(stack[-1], None)
        if item is None:
            stack.pop()
            continue
        if left == 0:
            return
        left -= 1
        kind, drawn, matrix = item
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM and len(stack) < _MAX_DEPTH:
            inner = _times(_matrix(drawn), matrix)
            stack.append(_children(drawn, pdfium_c.FPDFFormObj_CountObjects, pdfium_c.FPDFFormObj_GetObject, inner))
        else:
            yield item


def _children(parent: Any, count: Any, get: Any, matrix: _Matrix) -> Iterator[tuple[int, Any, _Matrix]]:
    kind_of = pdfium_c.FPDFPageObj_GetType
    for index in range(count(parent)):
        drawn = get(parent, index)
        if drawn:
            yield kind_of(drawn), drawn, matrix


def _matrix(drawn: Any) -> _Matrix:
    values = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(drawn, ctypes.byref(values)):
        return _PLAIN
    return values.a, values.b, values.c, values.d, values.e, values.f


def _times(first: _Matrix, then: _Matrix) -> _Matrix:
    """The matrix that does one thing after the other (ISO 32000-1, 8.3.4)."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _box(drawn: Any, matrix: _Matrix, frame: Frame) -> Box | None:
    """What an object covers of the page; None when that is nothing."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium_c.FPDFPageObj_GetBounds(drawn, left, bottom, right, top):
        return None
    if matrix is _PLAIN:
        return frame.clipped(frame.box(left.value, bottom.value, right.value, top.value))
    a, b, c, d, e, f = matrix
    corners = [(x, y) for x in (left.value, right.value) for y in (bottom.value, top.value)]
    across = [a * x + c * y + e for x, y in corners]
    up = [b * x + d * y + f for x, y in corners]
    return frame.clipped(frame.box(min(across), min(up), max(across), max(up)))

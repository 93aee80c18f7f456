"""From a PDF's own coordinates to pixels of the page as it is shown."""

import ctypes
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium_c

from ocr_platform.errors import PageDamaged

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels from the page's upper left corner."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How a page lies: sides in pixels at `dpi`, and x' = a x + c y + e, y' = b x + d y + f for points of the PDF.

    PDF points are counted upwards from an origin that may lie anywhere, on a page that may be turned (`turn`, clockwise
    degrees) and of which only a part may be shown.
    """

    width: int
    height: int
    dpi: int
    turn: int
    matrix: tuple[float, float, float, float, float, float]

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """A rectangle of the PDF in pixels, also where it is beyond the page."""
        a, b, c, d, e, f = self.matrix
        if self.turn == 0:
            return a * left + e, d * top + f, a * right + e, d * bottom + f
        if self.turn == 180:  # noqa: PLR2004  degrees
            return a * right + e, d * bottom + f, a * left + e, d * top + f
        if self.turn == 90:  # noqa: PLR2004
            return c * bottom + e, b * left + f, c * top + e, b * right + f
        return c * top + e, b * right + f, c * bottom + e, b * left + f

    def clipped(self, box: Box) -> Box | None:
        """What of a box is on the page; None when nothing is."""
        left, top, right, bottom = box
        if left >= 0 and top >= 0 and left < right <= self.width and top < bottom <= self.height:
            return box
        left, top, right, bottom = max(left, 0.0), max(top, 0.0), min(right, self.width), min(bottom, self.height)
        return (left, top, right, bottom) if left < right and top < bottom else None


def frame_of(page: Any, width: int, height: int, dpi: int) -> Frame:
    """The frame of a PDFium page that has so many pixels at `dpi`. Raises PageDamaged."""
    shown = pdfium_c.FS_RECTF()
    if not pdfium_c.FPDF_GetPageBoundingBox(page, ctypes.byref(shown)):
        raise PageDamaged
    across, up = shown.right - shown.left, shown.top - shown.bottom
    if not (across > 0 and up > 0):
        raise PageDamaged
    turn = 90 * (pdfium_c.FPDFPage_GetRotation(page) % 4)
    if turn in (0, 180):
        x, y = width / across, height / up
        matrix = (x, 0.0, 0.0, -y, -shown.left * x, shown.top * y)
    else:
        x, y = width / up, height / across
        matrix = (0.0, y, x, 0.0, -shown.bottom * x, -shown.left * y)
    if turn in (180, 270):
        a, b, c, d, e, f = matrix
        matrix = (-a, -b, -c, -d, width - e, height - f)
    return Frame(width, height, dpi, turn, matrix)

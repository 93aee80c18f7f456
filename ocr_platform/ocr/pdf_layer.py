"""The layer of a PDF page: its text, its pictures, and what is to be thought of them."""

from typing import Any

from ocr_platform.ocr.arranging import arranged, main_rotation
from ocr_platform.ocr.frame import Box, Frame
from ocr_platform.ocr.layers import Layer
from ocr_platform.ocr.pdf_objects import PageObjects, read_objects
from ocr_platform.ocr.pdf_text import read_text
from ocr_platform.ocr.trust import Verdict, judge

# A document's own words are as sure as can be: what is believed came from whoever wrote it. What is not believed, and
# given all the same because recognition is not wanted, is as sure as an earlier recognition that nobody saw the figures
# of, or worth nothing.
_CONFIDENCE = {Verdict.SOUND: 99.0, Verdict.INVISIBLE: 60.0, Verdict.COVERED: 60.0, Verdict.STRANGE: 20.0}
_NO_CONFIDENCE = 5.0
# A picture over so much of the page (0 to 1) is the page.
_MOST = 0.5
# The smallest picture with letters to read, in inches of its sides; and letters drawn as curves, by their number:
# fewer are logos and symbols.
_LEAST_SIDES = (0.2, 0.08)
_LEAST_OUTLINES = 40
# More pictures than this on a page are pieces of one, or a pattern.
_MOST_PICTURES = 12


def layer_of(page: Any, frame: Frame) -> Layer:
    """Look at a PDFium page. Raises PageDamaged."""
    objects = read_objects(page, frame, _MOST)
    text = read_text(page, frame)
    verdict = judge(text, objects)
    pictures = _pictures(objects, frame)
    area = sum((right - left) * (bottom - top) for left, top, right, bottom in pictures)
    return Layer(
        width=frame.width,
        height=frame.height,
        dpi=frame.dpi,
        verdict=verdict,
        words=arranged(text.pieces, frame.width, frame.height, _CONFIDENCE.get(verdict, _NO_CONFIDENCE)),
        rotation=main_rotation(text.pieces),
        pictures=pictures,
        covering=area > _MOST * frame.width * frame.height or len(pictures) > _MOST_PICTURES,
        bare=objects.count == 0,
    )


def _pictures(objects: PageObjects, frame: Frame) -> list[Box]:
    """Pictures and drawn letters that may be read, those that touch as one: pictures come in strips."""
    long, short = (side * frame.dpi for side in _LEAST_SIDES)
    boxes = list(objects.pictures)
    if len(objects.outlines) >= _LEAST_OUTLINES:
        boxes.append(_around(objects.outlines))
    merged: list[Box] = []
    for box in boxes:
        touching = [other for other in merged if _touch(box, other)]
        merged = [other for other in merged if other not in touching]
        merged.append(_around([box, *touching]))
    return [box for box in merged if _is_large(box, long, short)]


def _is_large(box: Box, long: float, short: float) -> bool:
    sides = sorted((box[2] - box[0], box[3] - box[1]))
    return sides[0] >= short and sides[1] >= long


def _touch(one: Box, other: Box) -> bool:
    slack = 2.0  # pixels: strips of one picture may leave a seam
    return (
        one[0] <= other[2] + slack
        and other[0] <= one[2] + slack
        and one[1] <= other[3] + slack
        and other[1] <= one[3] + slack
    )


def _around(boxes: list[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)

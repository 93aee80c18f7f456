"""Draws how often words are right beside how often they are said to be."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from benchmarks.accuracy.fitting import expected_error

_SIDE, _MARGIN, _BAR = 640, 80, 110
_BINS = 10
_BEFORE, _AFTER, _GRID, _INK = "#c0504d", "#2f6db3", "#d9d9d9", "#333333"
_LEAST_WORDS = 20

Pairs = Sequence[tuple[float, bool]]


def draw(before: Pairs, after: Pairs, path: Path) -> None:
    """Both curves as a PNG: across what is said, upwards what is right, below how many words say so."""
    image = Image.new("RGB", (_SIDE + 2 * _MARGIN, _SIDE + 2 * _MARGIN + _BAR), "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(18)
    for tenth in range(11):
        x, y = _spot(tenth / 10, tenth / 10)
        pen.line([(x, _MARGIN), (x, _MARGIN + _SIDE)], _GRID)
        pen.line([(_MARGIN, y), (_MARGIN + _SIDE, y)], _GRID)
        pen.text((x, _MARGIN + _SIDE + 8), str(tenth * 10), _INK, font, anchor="mt")
        pen.text((_MARGIN - 8, y), str(tenth * 10), _INK, font, anchor="rm")
    pen.line([_spot(0, 0), _spot(1, 1)], _INK, 1)
    for number, (pairs, colour, name) in enumerate(
        (
            (before, _BEFORE, "as Tesseract gives it"),
            (after, _AFTER, "calibrated, on kinds of pages left out of the fit"),
        )
    ):
        _curve(pen, pairs, colour)
        label = f"{name}: expected calibration error {expected_error(pairs):.3f}"
        pen.text((_MARGIN, 16 + 26 * number), label, colour, font)
    pen.text((_MARGIN + _SIDE / 2, _MARGIN + _SIDE + 34), "confidence", _INK, font, anchor="mt")
    pen.text((_MARGIN + 8, _MARGIN + 8), "% of words that are right", _INK, font)
    path.parent.mkdir(parents=True, exist_ok=True)
    _bars(pen, before, _BEFORE, 0)
    _bars(pen, after, _AFTER, 1)
    image.save(path, optimize=True)


def _spot(across: float, upwards: float) -> tuple[float, float]:
    return _MARGIN + across * _SIDE, _MARGIN + (1 - upwards) * _SIDE


def _binned(pairs: Pairs) -> list[list[tuple[float, bool]]]:
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for said, right in pairs:
        bins[min(_BINS - 1, int(said * _BINS))].append((said, right))
    return bins


def _curve(pen: ImageDraw.ImageDraw, pairs: Pairs, colour: str) -> None:
    spots = [
        _spot(sum(said for said, _ in each) / len(each), sum(right for _, right in each) / len(each))
        for each in _binned(pairs)
        if len(each) >= _LEAST_WORDS
    ]
    pen.line(spots, colour, 3)
    for x, y in spots:
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), colour)


def _bars(pen: ImageDraw.ImageDraw, pairs: Pairs, colour: str, place: int) -> None:
    """How the words spread, by bars below the curves."""
    base = 2 * _MARGIN + _SIDE + _BAR - 20
    width = _SIDE / _BINS / 2 - 4
    for number, each in enumerate(_binned(pairs)):
        left = _MARGIN + number * _SIDE / _BINS + 2 + place * (width + 2)
        pen.rectangle((left, base - (_BAR - 10) * len(each) / max(1, len(pairs)), left + width, base), colour)

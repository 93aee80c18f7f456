"""Whether a page has nothing to read. In doubt it has: recognising an empty page costs a second, a lost one is lost.

What is looked for is ink that stands out of the paper around it, in one place, as large as a single figure. Noise,
dust, dark borders, uneven light and what shines through from the other side are no ink.
"""

from collections.abc import Iterator
from itertools import product

from PIL import Image, ImageChops, ImageFilter

from ocr_platform.ocr.pages import PageImage

_MM_PER_INCH = 25.4
# Without a resolution the longer side is taken for that of A4.
_USUAL_INCHES = 297 / _MM_PER_INCH
# Too small to be judged: less than a letter's page by far.
_LEAST_PIXELS = 64
# Print is dark at a glance: so many pixels in a hundred, of 30 dpi, in the middle of the page, so much below the paper.
_GLANCE_DPI, _GLANCE_LEVELS, _GLANCE_SHARE, _GLANCE_MARGIN = 36, 30, 0.3, 0.15
# A page this dark is a photograph or a negative, and for others to judge.
_DARKEST_PAPER = 110
# The close look: a stroke of a pencil is 0.3 mm wide, two pixels. The mean over half a millimetre keeps two thirds of
# its contrast and a third of the noise. In grey levels: faint pencil (an eighth of the scale darker than the paper) has
# 20 there, print shining through ordinary paper stays below 14.
_CLOSE_DPI, _CLOSE_MM, _INK_LEVELS = 150, 0.5, 14
_LIGHT_LEVELS = 30  # by which light may fall off and the paper still count as paper
_LIGHT_MM, _CELL_MM = 4.0, 2.5
# Ink in a square of two cells by two: a figure of 8 points has 1.2 mm2, widened by the mean; a speck of half a
# millimetre 0.55.
_INK_MM2 = 0.9
# Dark cells that hang together with the edge, so deep into the page, are the scanner's lid or the book's fold.
_BORDER_SHARE, _BORDER_COVER = 0.12, 0.4

_Cells = dict[tuple[int, int], float]


def is_blank(page: PageImage) -> bool:
    """Whether there is nothing on the page that could be read."""
    image = page.image
    if min(image.size) < _LEAST_PIXELS:
        return False
    low, high = image.getextrema()
    if low == high:
        return True
    grey = image if image.mode == "L" else image.convert("L")
    dpi = page.dpi or max(image.size) / _USUAL_INCHES
    glance = grey.reduce(max(1, round(dpi / _GLANCE_DPI)))
    paper = _median(glance)
    if paper < _DARKEST_PAPER or _is_print(glance, paper):
        return False
    step = max(1, round(dpi / _CLOSE_DPI))
    return not _has_ink(grey.reduce(step) if step > 1 else grey, paper, dpi / step)


def _median(image: Image.Image) -> int:
    """The median level."""
    seen, half = 0, image.width * image.height / 2
    for level, count in enumerate(image.histogram()):
        seen += count
        if seen >= half:
            return level
    return 255


def _is_print(glance: Image.Image, paper: int) -> bool:
    across, down = (round(side * _GLANCE_MARGIN) for side in glance.size)
    middle = glance.crop((across, down, glance.width - across, glance.height - down))
    dark = sum(middle.histogram()[: max(0, paper - _GLANCE_LEVELS)])
    return 100 * dark > _GLANCE_SHARE * middle.width * middle.height


def _has_ink(grey: Image.Image, paper: int, dpi: float) -> bool:
    """Whether ink is found anywhere but at the borders."""
    mm = dpi / _MM_PER_INCH
    smooth = grey.filter(ImageFilter.BoxBlur(max(0.0, (_CLOSE_MM * mm - 1) / 2)))
    darker = ImageChops.subtract(_light(grey, paper, max(1, round(_LIGHT_MM * mm))), smooth)
    ink = darker.point([0] * _INK_LEVELS + [255] * (256 - _INK_LEVELS))
    cell = max(1, round(_CELL_MM * mm))
    covered = ink.reduce(cell)
    cells: _Cells = {place: share / 255 for place, share in _shares(covered)}
    for place in _border(cells, covered.width, covered.height):
        cells.pop(place, None)
    # Noise that is above the level is everywhere: what most cells have, and half as much again, counts for nothing.
    noise = 4 * 1.5 * _median(covered) / 255
    least = noise + _INK_MM2 / (cell / mm) ** 2
    return any(
        sum(cells.get((x + i, y + j), 0) for i, j in product((0, 1), (0, 1))) >= least for x, y in _around(cells)
    )


def _light(grey: Image.Image, paper: int, tile: int) -> Image.Image:
    """The paper as it is lit: each place as most of what is around it, but no darker than light can explain."""
    tiles = grey.reduce(tile).filter(ImageFilter.MedianFilter(5))
    darkest = max(0, paper - _LIGHT_LEVELS)
    lit = tiles.point([max(level, darkest) for level in range(256)])
    return lit.resize(grey.size, Image.Resampling.BILINEAR)


def _shares(covered: Image.Image) -> Iterator[tuple[tuple[int, int], int]]:
    for index, share in enumerate(covered.tobytes()):
        if share:
            yield (index % covered.width, index // covered.width), share


def _around(cells: _Cells) -> set[tuple[int, int]]:
    return {(x - i, y - j) for x, y in cells for i, j in product((0, 1), (0, 1))}


def _border(cells: _Cells, width: int, height: int) -> set[tuple[int, int]]:
    """The outermost cells, what is dark in one piece with them, and the cells around that."""
    deep = max(2, round(_BORDER_SHARE * min(width, height)))

    def depth(place: tuple[int, int]) -> int:
        x, y = place
        return min(x, y, width - 1 - x, height - 1 - y)

    found = {place for place in cells if depth(place) == 0}
    waiting = [place for place in found if cells[place] >= _BORDER_COVER]
    dark = set(waiting)
    while waiting:
        for place in _neighbours(waiting.pop()):
            if place not in dark and cells.get(place, 0) >= _BORDER_COVER and depth(place) <= deep:
                dark.add(place)
                waiting.append(place)
    return found | dark | {near for place in dark for near in _neighbours(place)}


def _neighbours(place: tuple[int, int]) -> Iterator[tuple[int, int]]:
    x, y = place
    return ((x + i, y + j) for i, j in product((-1, 0, 1), (-1, 0, 1)) if i or j)

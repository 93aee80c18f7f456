"""The part of a page that is read first to find out its language: some lines of its densest text."""

from itertools import accumulate

from PIL import Image

from ocr_platform.ocr.pages import PageImage

# An eighth of a page of print is six lines or more; of a small picture everything is read.
_SHARE = 0.12
_LEAST_PIXELS = 300
_COLUMNS = 256  # wide enough to tell lines of letters from pictures, which change less often


def sample_of(page: PageImage) -> PageImage:
    """A band over the page's whole width where light and dark take turns most often."""
    image = page.image
    height = max(_LEAST_PIXELS, round(image.height * _SHARE))
    if height >= image.height:
        return page
    top = _densest(image, height)
    return PageImage(image.crop((0, top, image.width, top + height)), page.dpi)


def _densest(image: Image.Image, height: int) -> int:
    """The first row of the densest band so high."""
    # Never more than there are: a strip of one pixel's width would be taken for a page of a million rows.
    rows = min(image.height, max(1, image.height * _COLUMNS // max(image.width, 1)))
    small = image.convert("L").resize((_COLUMNS, rows), Image.Resampling.BOX)
    light = small.tobytes()
    changes = [
        sum(abs(light[at] - light[at + 1]) for at in range(row * _COLUMNS, (row + 1) * _COLUMNS - 1))
        for row in range(rows)
    ]
    window = max(1, rows * height // image.height)
    sums = [0, *accumulate(changes)]
    best = max(range(max(1, rows - window + 1)), key=lambda row: sums[min(row + window, rows)] - sums[row])
    return min(best * image.height // rows, image.height - height)

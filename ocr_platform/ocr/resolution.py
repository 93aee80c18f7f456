"""The resolution that an image file states, where it can be believed."""

import struct

from PIL import Image

# Scanners lie about resolution: 1 dpi was seen. Outside of this Tesseract's own estimate is better.
_PLAUSIBLE_DPI = range(70, 2401)
# What programs write when they know nothing: the dots of old screens.
_DEFAULTS = frozenset({72, 96})
# Fax machines have up to twice as many dots across as down. Nearly square pixels stay as they are: nobody sees it.
_NEARLY_SQUARE = 1.1
_MOST_OBLONG = 4.0
# Tags of EXIF and TIFF (TIFF 6.0, section 8), and how many of a unit are an inch: itself, or centimetres.
_ACROSS, _DOWN, _UNIT, _INCH = 282, 283, 296, 2
_PER_INCH = {_INCH: 1.0, 3: 2.54}


def stated_dpi(image: Image.Image) -> tuple[int, int]:
    """Dots per inch across and down, by the format's own means or else by EXIF; 0 and 0 where they tell nothing."""
    try:
        across, down = (round(float(value)) for value in image.info.get("dpi") or _of_exif(image))
    except (KeyError, TypeError, ValueError, IndexError, ArithmeticError, OSError, SyntaxError, struct.error):
        return 0, 0
    if across not in _PLAUSIBLE_DPI or down not in _PLAUSIBLE_DPI:
        return 0, 0
    if across == down and across in _DEFAULTS:
        return 0, 0
    return (across, down) if max(across, down) <= _MOST_OBLONG * min(across, down) else (0, 0)


def square_size(size: tuple[int, int], dpi: tuple[int, int]) -> tuple[int, int]:
    """The size in pixels at which an image of this resolution has square pixels: the coarser side grows."""
    (width, height), (across, down) = size, dpi
    if not across or max(across, down) < _NEARLY_SQUARE * min(across, down):
        return size
    return (width, round(height * across / down)) if across > down else (round(width * down / across), height)


def _of_exif(image: Image.Image) -> tuple[float, float]:
    exif = image.getexif()
    scale = _PER_INCH[exif.get(_UNIT, _INCH)]  # the third unit is none: it tells a shape, and no size
    return float(exif[_ACROSS]) * scale, float(exif[_DOWN]) * scale

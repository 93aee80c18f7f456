"""Pages that lie on their side, and the words on them, turned upright and back again."""

from dataclasses import replace

from PIL import Image

from ocr_platform.layout import turned_box
from ocr_platform.models import Word

_FULL_TURN = 360
# Pillow counts against the clock.
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def turned_image(image: Image.Image, rotation: int) -> Image.Image:
    """An image turned clockwise by 0, 90, 180 or 270 degrees."""
    return image.transpose(_TURNS[rotation]) if rotation else image


def turned_word(word: Word, rotation: int, width: int, height: int) -> Word:
    """A word on a page of `width` and `height` pixels that is turned clockwise by 0, 90, 180 or 270 degrees."""
    box = word.left, word.top, word.left + word.width, word.top + word.height
    left, top, right, bottom = turned_box(*box, rotation, width, height)
    turned = (word.rotation - rotation) % _FULL_TURN
    return replace(word, left=left, top=top, width=right - left, height=bottom - top, rotation=turned)

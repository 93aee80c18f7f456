"""Pages that lie on their side, and the words on them, turned upright and back again."""

from dataclasses import replace

from PIL import Image

from ocr_platform.models import Word

_FULL_TURN = 360
# Pillow counts against the clock.
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def turned_image(image: Image.Image, rotation: int) -> Image.Image:
    """An image turned clockwise by 0, 90, 180 or 270 degrees."""
    return image.transpose(_TURNS[rotation]) if rotation else image


def turned_word(word: Word, rotation: int, width: int, height: int) -> Word:
    """A word on a page of `width` and `height` pixels that is turned clockwise by 0, 90, 180 or 270 degrees."""
    right, bottom = word.left + word.width, word.top + word.height
    across, upright = (word.height, word.width), (word.width, word.height)
    places = {
        0: (word.left, word.top, *upright),
        90: (height - bottom, word.left, *across),
        180: (width - right, height - bottom, *upright),
        270: (word.top, width - right, *across),
    }
    left, top, wide, high = places[rotation]
    return replace(word, left=left, top=top, width=wide, height=high, rotation=(word.rotation - rotation) % _FULL_TURN)

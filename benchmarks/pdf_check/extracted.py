"""Words of a PDF as PDFium finds them, with their boxes in pixels of the page as it is shown."""

import ctypes
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium_c
from PIL import Image, ImageDraw

Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Found:
    """A word and where a viewer would mark it."""

    text: str
    box: Box


def words_of(page: Any, width: int, height: int) -> list[Found]:
    """The words of a page of PDFium's that is shown in so many pixels; what spaces and line ends part."""
    text = page.get_textpage()
    found: list[Found] = []
    open_word = False
    for index in range(text.count_chars()):
        character = chr(pdfium_c.FPDFText_GetUnicode(text, index))
        if character.isspace() or character == "\0":
            open_word = False
            continue
        box = _box(page, text, index, width, height)
        if open_word:
            found[-1] = Found(found[-1].text + character, _around(found[-1].box, box))
        else:
            found.append(Found(character, box))
            open_word = True
    return found


def drawn(page: Any, width: int, height: int, words: list[Found]) -> Image.Image:
    """The page with a frame around each word, to be looked at."""
    image: Image.Image = page.render(scale=width / page.get_width()).to_pil().convert("RGB").resize((width, height))
    pen = ImageDraw.Draw(image)
    for word in words:
        pen.rectangle(word.box, outline=(255, 0, 0))
    return image


def _box(page: Any, text: Any, index: int, width: int, height: int) -> Box:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    pdfium_c.FPDFText_GetCharBox(text, index, left, right, bottom, top)
    xs, ys = [], []
    for x, y in ((left.value, bottom.value), (right.value, top.value)):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium_c.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, across, down)
        xs.append(across.value)
        ys.append(down.value)
    return min(xs), min(ys), max(xs), max(ys)


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])

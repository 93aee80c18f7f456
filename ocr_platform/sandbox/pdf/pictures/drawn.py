"""Pages as pictures: what is drawn of a PDF's page, or an image whose colours no PDF/A can have."""

import io

from PIL import Image, ImageChops

from ocr_platform.errors import PageDamaged
from ocr_platform.ocr.pages import Pages, Pictured
from ocr_platform.sandbox.pdf.faults import decoding
from ocr_platform.sandbox.pdf.pictures.jpeg import jpeg_as_it_is
from ocr_platform.sandbox.pdf.pictures.picture import Picture
from ocr_platform.sandbox.pdf.pictures.pixels import packed

_QUALITY = 85  # of the JPEG
_EVEN = 0.4  # of a page's pixels have one level where the paper is even, and that of no scan
_COLOURLESS = 8  # levels by which channels of a grey page differ, after a renderer's rounding


def drawn_page(pages: Pages, number: int) -> Picture:
    """A page of a PDF as it is drawn. Raises a PageError."""
    with decoding():
        if not isinstance(pages, Pictured):
            return packed(pages.render(number).image)
        return compressed(pages.picture(number))


def compressed(image: Image.Image) -> Picture:
    """A page that was drawn, in the smaller of two forms: without loss, or as JPEG; without colour when it has none.

    Print on even paper takes half to a fifth of its JPEG without loss (300 dpi, seven pages of the corpus); a scan
    takes twice as much, and is not tried.
    """
    grey = image.convert("L")
    differences = (ImageChops.difference(channel, grey).histogram() for channel in image.split())
    colourless = not any(any(histogram[_COLOURLESS:]) for histogram in differences)
    if colourless:
        image = grey
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    jpeg = jpeg_as_it_is(file.getvalue())
    if jpeg is None:
        raise PageDamaged
    levels = grey.histogram()
    if max(levels) < _EVEN * sum(levels):
        return jpeg
    return min(packed(image), jpeg, key=lambda picture: len(picture.data))


def repainted(image: Image.Image) -> Picture:
    """The picture of an image file in grey or RGB, packed without loss: inks without a profile become Pillow's RGB."""
    image.load()
    return packed(image.convert("RGB") if image.mode == "CMYK" else image)

"""Pages of image files: each directory of a TIFF is one, and every other file has one."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from PIL import ExifTags, Image, ImageOps

from ocr_platform.errors import PageDamaged, PageTooLarge
from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.decoders import decoding, opened
from ocr_platform.ocr.grey import grey
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.resolution import square_size, stated_dpi
from ocr_platform.ocr.tiff import TURNED_BY_A_QUARTER, TiffFile


class ImagePages:
    """Pages of an image file. What moves has the picture that it begins with: that is what people mean by it."""

    def __init__(self, file: BinaryIO, format: DocumentFormat, limits: Limits) -> None:
        self._limits = limits
        self._image: Any = None
        with suppress(PageTooLarge):  # it is the page that is refused, when it is asked for
            self._image = opened(file, format, limits.max_pixels)
        self._directories = [0]  # those that are pages, as far as they were looked for
        self._next: int | None = 1 if isinstance(self._image, TiffFile) else None

    def count(self) -> int:
        """Directories of a TIFF; one for all else. A directory that cannot be read ends the document."""
        return self._limits.count(self._sizes())

    def _sizes(self) -> Iterator[int]:
        """Pixels of each page by its header alone; 0 for one that is refused already."""
        number = 1
        while self._at(number):
            yield self._image.width * self._image.height if self._image is not None else 0
            number += 1

    def render(self, number: int) -> PageImage:
        """A page as grey, transparency on white; a black-and-white one stays as it is. Its pixels are square."""
        if not self._at(number):
            raise PageDamaged
        if self._image is None:
            raise PageTooLarge
        self._limits.require_page(*self._image.size)
        with decoding(PageDamaged):
            image, across, down = _upright_grey(self._image)
        self._limits.require_page(*image.size)  # what was unpacked may be of another size than it declared
        return PageImage(self._squared(image, (across, down)), max(across, down))

    def _squared(self, image: Image.Image, dpi: tuple[int, int]) -> Image.Image:
        size = square_size(image.size, dpi)
        if size == image.size:
            return image
        self._limits.require_page(*size)
        return image.convert("L").resize(size, Image.Resampling.BICUBIC)

    def _at(self, number: int) -> bool:
        """Go to page `number`; false when there is none."""
        while number > len(self._directories) and self._next is not None:
            if not self._seek(self._next):
                self._next = None
                break
            if not self._image.part_of_another:
                self._directories.append(self._next)
            self._next += 1
        if not 1 <= number <= len(self._directories):
            return False
        return not isinstance(self._image, TiffFile) or self._seek(self._directories[number - 1])

    def picture(self, number: int) -> Image.Image:
        """A page as it is stored, in all its colours, not unpacked yet: `load` may raise what a decoder raises."""
        if not self._at(number):
            raise PageDamaged
        if self._image is None:
            raise PageTooLarge
        self._limits.require_page(*self._image.size)
        if isinstance(self._image, TiffFile) and self._image.unusual:
            return self._image.grey()
        picture: Image.Image = self._image
        return picture

    def _seek(self, index: int) -> bool:
        try:
            with decoding(PageDamaged):
                self._image.seek(index)
        except (EOFError, PageDamaged):
            return False
        return True


def _upright_grey(image: Any) -> tuple[Image.Image, int, int]:
    """The page, and its resolution across and down. Only what is unpacked has all that it says of itself."""
    if isinstance(image, TiffFile):
        turned = image.turned_by_a_quarter
        page = image.grey()
    else:
        image.load()
        turned = image.getexif().get(ExifTags.Base.Orientation) in TURNED_BY_A_QUARTER
        ImageOps.exif_transpose(image, in_place=True)  # cameras turn the tag and not the pixels
        page = grey(image)
    across, down = stated_dpi(image)
    return (page, down, across) if turned else (page, across, down)

"""What every decoder offers: pages, counted and rendered as grey images."""

from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from ocr_platform.errors import PageTooLarge

# Leptonica, which Tesseract decodes with, keeps sides in 15 bits.
_MAX_SIDE = 32767


@dataclass(frozen=True, slots=True)
class PageImage:
    """An 8-bit grey image; `dpi` is 0 when the document does not say or says something implausible."""

    image: Image.Image
    dpi: int


class Pages(Protocol):
    """A document that has been opened."""

    def count(self, at_most: int) -> int:
        """How many pages there are. Raises TooManyPages above `at_most`, DocumentDamaged when there is none."""
        ...

    def render(self, number: int) -> PageImage:
        """Page `number`, from 1. Raises a PageError."""
        ...


def require_size(width: int, height: int, max_pixels: int) -> None:
    """Raise PageTooLarge when an image of this size, in pixels, must not be unpacked."""
    if width * height > max_pixels or max(width, height) > _MAX_SIDE:
        raise PageTooLarge

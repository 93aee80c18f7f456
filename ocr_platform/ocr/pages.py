"""What every decoder offers: pages, counted, measured and rendered as grey or black-and-white images."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PIL import Image


@dataclass(frozen=True, slots=True)
class PageImage:
    """An image of 8-bit grey or of one bit (modes L and 1).

    `dpi` is 0 when the document does not say or says something implausible.
    """

    image: Image.Image
    dpi: int


class Pages(Protocol):
    """A document that has been opened."""

    def count(self) -> int:
        """How many pages there are. Raises TooManyPages, DocumentTooLarge, DocumentDamaged when there is none."""
        ...

    def render(self, number: int) -> PageImage:
        """Page `number`, from 1. Raises a PageError."""
        ...


@runtime_checkable
class Pictured(Protocol):
    """Pages that can also be had in colour."""

    def picture(self, number: int) -> Image.Image:
        """Page `number`, from 1, as it is stored or drawn; of a file not unpacked yet. Raises a PageError."""
        ...

"""What a document's page has to say for itself: its own words, what is wrong with them, and where its pictures are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ocr_platform.models import Word
from ocr_platform.ocr.frame import Box
from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.trust import Verdict


@dataclass(frozen=True, slots=True)
class Layer:
    """A page's own text. `width` and `height` in pixels at `dpi`: those that it would be drawn with.

    `words` are in the order of reading, `rotation` is most words'. `pictures` are boxes of what may have letters that
    are no text, `covering` says that one lies under most of the page; `bare` that nothing at all is on it.
    """

    width: int
    height: int
    dpi: int
    verdict: Verdict
    words: tuple[Word, ...] = ()
    rotation: int = 0
    pictures: Sequence[Box] = ()
    covering: bool = False
    bare: bool = False


@runtime_checkable
class BringsText(Protocol):
    """A document whose pages may have text of their own."""

    def layer(self, number: int) -> Layer:
        """Look at page `number`, from 1, without drawing it. Raises a PageError."""
        ...

    def draw(self, number: int, box: Box) -> PageImage:
        """A part of a page as it would be drawn. Raises a PageError."""
        ...

"""A page that brings text along: its own words where they can be trusted, recognition for what they leave open."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from ocr_platform.errors import PageTooLarge
from ocr_platform.layout import plain_text
from ocr_platform.models import OcrMode, PageResult, Word
from ocr_platform.ocr.blank import is_blank
from ocr_platform.ocr.frame import Box
from ocr_platform.ocr.layers import BringsText, Layer
from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.pictures import agrees, merged, shifted
from ocr_platform.ocr.tries import Attempt
from ocr_platform.ocr.trust import Verdict

Recognise = Callable[[PageImage], Attempt]

# As `pdf_layer` has it for what is sound.
_SURE = 99.0
# What was read in pictures that come again on page after page, as letterheads do.
_seen: dict[bytes, tuple[Word, ...]] = {}
_MOST_SEEN = 64


@dataclass(frozen=True, slots=True)
class Layered:
    """A page so far. `result` is set when nothing is left to do; else the whole page is to be recognised, and
    `finished` told what came out.
    """

    layer: Layer
    result: PageResult | None

    def finished(self, page: PageResult) -> PageResult:
        """The page as it was recognised, with what its own text adds: all of it on pages that are mostly a picture."""
        layer = self.layer
        sound = layer.verdict is Verdict.SOUND
        if layer.verdict is Verdict.STRANGE and agrees(layer.words, page.words):
            # It only looked strange: a part list, or a language with rare pairs of letters.
            sound = True
        if not sound or not layer.words:
            return page
        own = tuple(replace(word, confidence=_SURE) for word in layer.words)
        words = merged(own, page.words)
        return replace(page, text=plain_text(words), words=words, blank=False)


def read_layer(pages: BringsText, number: int, mode: OcrMode, recognise: Recognise) -> Layered:
    """Take what a page says itself, and what its pictures say. Raises a PageError."""
    layer = pages.layer(number)
    if layer.bare and mode is OcrMode.AUTO:
        return Layered(layer, _result(layer, number, (), blank=True))
    if mode is OcrMode.SKIP:
        if layer.verdict is Verdict.CROWDED:
            raise PageTooLarge
        return Layered(layer, _result(layer, number, layer.words, blank=layer.bare))
    if layer.verdict is not Verdict.SOUND or layer.covering:
        return Layered(layer, None)
    words = layer.words
    for box in layer.pictures:
        words = merged(words, _in_picture(pages, number, box, recognise))
    return Layered(layer, _result(layer, number, words, blank=False))


def _in_picture(pages: BringsText, number: int, box: Box, recognise: Recognise) -> list[Word]:
    """Words of one picture, in pixels of the page; none of one that shows nothing."""
    part = pages.draw(number, box)
    key = hashlib.sha256(repr(part.image.size).encode() + part.image.tobytes()).digest()
    if key not in _seen:
        if len(_seen) >= _MOST_SEEN:
            _seen.clear()
        _seen[key] = () if is_blank(part) else recognise(part).recognition.words
    return shifted(_seen[key], box)


def _result(layer: Layer, number: int, words: tuple[Word, ...], *, blank: bool) -> PageResult:
    return PageResult(
        number=number,
        width=layer.width,
        height=layer.height,
        dpi=layer.dpi,
        text=plain_text(words),
        words=words,
        rotation=layer.rotation,
        blank=blank,
    )

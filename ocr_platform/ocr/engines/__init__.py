"""Recognisers, one file each, behind one Protocol."""

from dataclasses import dataclass
from typing import Protocol

from ocr_platform.models import Word
from ocr_platform.ocr.pages import PageImage


@dataclass(frozen=True, slots=True)
class Recognition:
    """What one recognition of one page gives: all outputs are made from it."""

    text: str
    words: tuple[Word, ...]


class OcrEngine(Protocol):
    """A recogniser. Each method may be called any number of times in one process."""

    def languages(self) -> frozenset[str]:
        """Names of the installed models. Raises EngineMissing."""
        ...

    def recognise(self, page: PageImage, languages: str, timeout: float) -> Recognition:
        """Recognise a page with models such as `eng+deu` within `timeout` seconds.

        Raises a PageError, or EngineMissing.
        """
        ...

"""Recognisers, one file each, behind one Protocol."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from ocr_platform.models import EngineName, Word
from ocr_platform.ocr.pages import PageImage


@dataclass(frozen=True, slots=True)
class Recognition:
    """What one recognition of one page gives: all outputs are made from it.

    `disputed` is the share (0-1) of its letters that a second reading had otherwise.
    """

    text: str
    words: tuple[Word, ...]
    disputed: float = 0.0


class Segmentation(IntEnum):
    """What a page is taken for before its lines are looked for: PageSegMode of tesseract/publictypes.h."""

    AUTO = 3  # columns, blocks and pictures are told apart
    COLUMN = 4  # one column of text of several sizes
    BLOCK = 6  # one block of text: every line goes across the page
    SPARSE = 11  # words anywhere, in no order


@dataclass(frozen=True, slots=True)
class Manner:
    """How a page is recognised; `inverse` lines, white on black, take 4 % more time."""

    segmentation: Segmentation = Segmentation.AUTO
    inverse: bool = True


AS_USUAL = Manner()


@dataclass(frozen=True, slots=True)
class Command:
    """What an engine starts for each page: the program and its loader, and the files that these read."""

    runs: tuple[Path, ...]
    reads: tuple[Path, ...]


class OcrEngine(Protocol):
    """A recogniser. Each method may be called any number of times in one process, and after a fork."""

    @property
    def name(self) -> EngineName:
        """Which one it is."""
        ...

    def command(self) -> Command | None:
        """The program that it cannot do without; None when it recognises in its own process. Raises EngineMissing."""
        ...

    def languages(self) -> frozenset[str]:
        """Names of the installed models. Raises EngineMissing."""
        ...

    def prepare(self, languages: str) -> None:
        """Load models such as `eng+deu`: after that, recognising with them opens no file of this process.

        Raises EngineMissing, or RecognitionFailed when a model does not load.
        """
        ...

    def recognise(self, page: PageImage, languages: str, timeout: float, manner: Manner = AS_USUAL) -> Recognition:
        """Recognise a page with models that were prepared within `timeout` seconds.

        Raises a PageError, or EngineMissing.
        """
        ...

    def clear(self) -> None:
        """Free what is left of the last page, so that the next can be drawn. With the process it is free anyway."""
        ...

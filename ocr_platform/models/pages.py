"""What is read on a page, and how it is to be read."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ocr_platform.models.review import PageFigures


class EngineName(StrEnum):
    """Which recogniser reads the pages; `auto` is the fastest that is installed."""

    AUTO = "auto"
    TESSEROCR = "tesserocr"
    PYTESSERACT = "pytesseract"


class SandboxMode(StrEnum):
    """What is to happen where the kernel does not offer all that holds a sandbox."""

    STRICT = "strict"  # nothing is decoded
    BEST_EFFORT = "best-effort"  # what is there is used


class OcrMode(StrEnum):
    """What is to happen to pages that bring their text along."""

    AUTO = "auto"  # the text is taken where it can be trusted, all else is recognised
    FORCE = "force"  # every page is recognised
    SKIP = "skip"  # nothing is recognised: a page has the text that it brings, or none


class Quality(StrEnum):
    """How much work a page may be."""

    FAST = "fast"  # one recognition
    BALANCED = "balanced"  # a second look where the first is unsure, within a small budget
    BEST = "best"  # every means there is, wherever the first is unsure


@dataclass(frozen=True, slots=True)
class Reading:
    """How pages are to be read; without a `quality` as the installation does it."""

    mode: OcrMode = OcrMode.AUTO
    quality: Quality | None = None


class WordSource(StrEnum):
    """Where a word comes from."""

    OCR = "ocr"
    TEXT = "text"  # the document's own text
    SECOND = "second"  # a second reading was surer of it than the first


@dataclass(frozen=True, slots=True)
class Word:
    """One word; the box in pixels of the page as the document shows it, from its upper left corner; confidence 0-100.

    `rotation` is by how many degrees, clockwise, the page has to be turned for the word to stand upright: 0, 90, 180
    or 270. Blocks are counted from 1 on a page, paragraphs within their block, lines within their paragraph.
    """

    text: str
    left: int
    top: int
    width: int
    height: int
    confidence: float
    block: int
    paragraph: int
    line: int
    source: WordSource = WordSource.OCR
    rotation: int = 0

    def as_dict(self) -> dict[str, str | int | float]:
        """By the names of the fields; by hand, since a page has hundreds and `dataclasses.asdict` copies each value."""
        return {
            "text": self.text,
            "left": self.left,
            "top": self.top,
            "width": self.width,
            "height": self.height,
            "confidence": self.confidence,
            "block": self.block,
            "paragraph": self.paragraph,
            "line": self.line,
            "source": self.source,
            "rotation": self.rotation,
        }


@dataclass(frozen=True, slots=True)
class PageResult:
    """One page as it was read. `width` and `height` in pixels at `dpi`; confidence 0-100; `seconds` of wall time.

    `rotation` is by how many degrees, clockwise, it had to be turned to stand upright (0, 90, 180, 270), and `skew` by
    how many more it leaned; `languages` are the models that read it. A blank page has no words and nothing is wrong
    with it. `disputed` is the share (0-1) of its letters that a second reading had otherwise. A page that failed has
    `error` (a code) and neither text nor words.
    """

    number: int
    width: int = 0
    height: int = 0
    dpi: int = 0
    text: str = ""
    words: tuple[Word, ...] = ()
    seconds: float = 0.0
    error: str | None = None
    rotation: int = 0
    skew: float = 0.0
    languages: tuple[str, ...] = ()
    blank: bool = False
    disputed: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """By the names of the fields, for JSON."""
        return {
            "number": self.number,
            "width": self.width,
            "height": self.height,
            "dpi": self.dpi,
            "text": self.text,
            "words": [word.as_dict() for word in self.words],
            "seconds": self.seconds,
            "error": self.error,
            "rotation": self.rotation,
            "skew": self.skew,
            "languages": list(self.languages),
            "blank": self.blank,
            "disputed": self.disputed,
        }

    @property
    def confidence(self) -> float:
        """Mean confidence of the words, each weighted by its letters; 0 when there is none."""
        letters = sum(len(word.text) for word in self.words)
        return sum(word.confidence * len(word.text) for word in self.words) / letters if letters else 0.0

    @property
    def figures(self) -> PageFigures:
        """What is recorded of it for review."""
        confidence = None if self.error else self.confidence
        return PageFigures(self.number, self.error, self.letters, confidence, self.blank, self.disputed)

    @property
    def letters(self) -> int:
        """Characters in words: the weight of this page in the document's confidence."""
        return sum(len(word.text) for word in self.words)

"""What a sandbox says, checked value by value: it may have been taken over by the document that it decodes."""

from typing import Any

from ocr_platform.errors import (
    DecoderCrash,
    DocumentError,
    EngineMissing,
    PageTooLarge,
    PlatformError,
    ScratchFull,
    classes_by_code,
)
from ocr_platform.models import PageResult, Word
from ocr_platform.ocr.limits import Limits

# Several times what the densest page of print has.
_MAX_WORDS = 100_000
_MAX_CHARACTERS = 2_000_000
_MAX_WORD_CHARACTERS = 10_000
_MAX_DPI = 2400
_COUNTERS = ("block", "paragraph", "line")


class LieError(Exception):
    """Raised when an answer cannot be an honest one."""


def error(code: object) -> PlatformError:
    """The error of a code, of those that a sandbox can meet; the message is ours, whatever the sandbox says."""
    found = classes_by_code().get(code, DecoderCrash) if isinstance(code, str) else DecoderCrash
    return found() if issubclass(found, (DocumentError, EngineMissing, ScratchFull)) else DecoderCrash()


def pages(answer: dict[str, Any], limits: Limits) -> int:
    """The number of pages. Raises LieError."""
    return _integer(answer, "pages", 1, limits.max_pages)


def page(answer: dict[str, Any], number: int, limits: Limits, seconds: float) -> PageResult:
    """A page result: sizes within the limits, boxes inside the page, text that is text. Raises LieError.

    The time is the worker's own measure.
    """
    item = answer.get("page")
    if not isinstance(item, dict):
        raise LieError
    width, height = (_integer(item, side, 1, limits.max_pixels) for side in ("width", "height"))
    try:
        limits.require_page(width, height)
    except PageTooLarge as exc:
        raise LieError from exc
    words = item.get("words")
    if not isinstance(words, list) or len(words) > _MAX_WORDS:
        raise LieError
    return PageResult(
        number=number,
        width=width,
        height=height,
        dpi=_integer(item, "dpi", 0, _MAX_DPI),
        text=_text(item, _MAX_CHARACTERS),
        words=tuple(_word(word, width, height) for word in words),
        seconds=round(seconds, 3),
    )


def _word(item: object, page_width: int, page_height: int) -> Word:
    if not isinstance(item, dict):
        raise LieError
    left = _integer(item, "left", 0, page_width)
    top = _integer(item, "top", 0, page_height)
    return Word(
        text=_text(item, _MAX_WORD_CHARACTERS),
        left=left,
        top=top,
        width=_integer(item, "width", 0, page_width - left),
        height=_integer(item, "height", 0, page_height - top),
        confidence=_confidence(item),
        **{name: _integer(item, name, 0, _MAX_WORDS) for name in _COUNTERS},
    )


def _integer(item: dict[str, Any], name: str, least: int, most: int) -> int:
    value = item.get(name)
    if type(value) is not int or not least <= value <= most:
        raise LieError
    return value


def _confidence(item: dict[str, Any]) -> float:
    value = item.get("confidence")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:  # noqa: PLR2004  percent
        raise LieError
    return float(value)


def _text(item: dict[str, Any], most: int) -> str:
    """Unicode that can be stored: no half of a pair, no NUL."""
    value = item.get("text")
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        raise LieError
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise LieError from exc
    return value

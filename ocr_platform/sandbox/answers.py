"""What a sandbox says, checked value by value: it may have been taken over by the document that it decodes."""

import re
from operator import itemgetter
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
from ocr_platform.models import PageResult, PdfLoss, Word, WordSource
from ocr_platform.ocr.limits import Limits

# Several times what the densest page of print has.
_MAX_WORDS = 100_000
_MAX_CHARACTERS = 2_000_000
_MAX_WORD_CHARACTERS = 10_000
_MAX_DPI = 2400
_MAX_SKEW = 45.0
_MAX_LANGUAGES = 16
_LANGUAGE = re.compile(r"[A-Za-z0-9_]{2,32}(/[A-Za-z0-9_]{2,32})?")
_ROTATIONS = frozenset({0, 90, 180, 270})
_SOURCES: dict[object, WordSource] = {str(source): source for source in WordSource}
_LOSSES = frozenset(map(str, PdfLoss))
_numbers = itemgetter("left", "top", "width", "height", "block", "paragraph", "line", "rotation")


class LieError(Exception):
    """Raised when an answer cannot be an honest one."""


def error(code: object) -> PlatformError:
    """The error of a code, of those that a sandbox can meet; the message is ours, whatever the sandbox says."""
    found = classes_by_code().get(code, DecoderCrash) if isinstance(code, str) else DecoderCrash
    return found() if issubclass(found, (DocumentError, EngineMissing, ScratchFull)) else DecoderCrash()


def pages(answer: dict[str, Any], limits: Limits) -> int:
    """The number of pages. Raises LieError."""
    return _integer(answer, "pages", 1, limits.max_pages)


def done(answer: dict[str, Any]) -> None:
    """Raise LieError unless it says that something was done, and no more."""
    if answer != {"done": True}:
        raise LieError


def output(answer: dict[str, Any], most: int) -> tuple[int, tuple[PdfLoss, ...]]:
    """How many bytes of output there are, and what the document had to lose for it. Raises LieError."""
    lost = answer.get("lost")
    if not isinstance(lost, list) or len(lost) > len(_LOSSES) or not all(isinstance(each, str) for each in lost):
        raise LieError
    if not _LOSSES.issuperset(lost):
        raise LieError
    return _integer(answer, "bytes", 1, most), tuple(sorted({PdfLoss(each) for each in lost}))


def sample(answer: dict[str, Any]) -> str:
    """Text of a part of a page. Raises LieError."""
    return _text(answer, _MAX_CHARACTERS)


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
    if "blank" not in item:
        raise LieError
    found = tuple(_word(word, width, height) for word in words)
    _require_text("".join(word.text for word in found))
    return PageResult(
        number=number,
        width=width,
        height=height,
        dpi=_integer(item, "dpi", 0, _MAX_DPI),
        text=_text(item, _MAX_CHARACTERS),
        words=found,
        seconds=round(seconds, 3),
        rotation=_rotation(item),
        skew=_number(item, "skew", -_MAX_SKEW, _MAX_SKEW),
        languages=_languages(item),
        blank=item["blank"] is True and not found,
        disputed=_number(item, "disputed", 0.0, 1.0),
    )


def _word(item: object, page_width: int, page_height: int) -> Word:
    """A page has hundreds of words: their numbers are looked at together."""
    if not isinstance(item, dict):
        raise LieError
    try:
        numbers, text, confidence, source = _numbers(item), item["text"], item["confidence"], item["source"]
    except KeyError as exc:
        raise LieError from exc
    if set(map(type, numbers)) != {int} or type(confidence) not in (int, float) or not isinstance(text, str):
        raise LieError
    left, top, width, height, block, paragraph, line, rotation = numbers
    honest = (
        0 <= left <= left + width <= page_width
        and 0 <= top <= top + height <= page_height
        and 0 <= confidence <= 100  # noqa: PLR2004  percent
        and 0 <= block <= _MAX_WORDS
        and 0 <= paragraph <= _MAX_WORDS
        and 0 <= line <= _MAX_WORDS
        and rotation in _ROTATIONS
        and isinstance(source, str)
        and source in _SOURCES
        and len(text) <= _MAX_WORD_CHARACTERS
    )
    if not honest:
        raise LieError
    return Word(text, left, top, width, height, float(confidence), block, paragraph, line, _SOURCES[source], rotation)


def _rotation(item: dict[str, Any]) -> int:
    value = _integer(item, "rotation", 0, 270)
    if value not in _ROTATIONS:
        raise LieError
    return value


def _number(item: dict[str, Any], name: str, least: float, most: float) -> float:
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise LieError
    return float(value)


def _languages(item: dict[str, Any]) -> tuple[str, ...]:
    value = item.get("languages")
    if not isinstance(value, list) or len(value) > _MAX_LANGUAGES:
        raise LieError
    if not all(isinstance(name, str) and _LANGUAGE.fullmatch(name) for name in value):
        raise LieError
    return tuple(value)


def _integer(item: dict[str, Any], name: str, least: int, most: int) -> int:
    value = item.get(name)
    if type(value) is not int or not least <= value <= most:
        raise LieError
    return value


def _text(item: dict[str, Any], most: int) -> str:
    value = item.get("text")
    if not isinstance(value, str) or len(value) > most:
        raise LieError
    _require_text(value)
    return value


def _require_text(value: str) -> None:
    """Raise LieError unless it is Unicode that can be stored: no half of a pair, no NUL."""
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise LieError from exc
    if "\0" in value:
        raise LieError

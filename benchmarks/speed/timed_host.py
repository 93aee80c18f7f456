"""A sandboxes' host that says, instead of a page's text, where the CPU time of its page went. All else is real.

Started by `timed_worker`, as a worker starts its own.
"""

import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any
from unittest import mock

from tesserocr import PyTessBaseAPI

from ocr_platform.models import PageResult
from ocr_platform.ocr import reading, tries
from ocr_platform.ocr.engines import tesserocr_engine
from ocr_platform.ocr.opening import open_pages
from ocr_platform.ocr.pages import PageImage, Pages
from ocr_platform.ocr.reading import read_page as _real_read_page
from ocr_platform.sandbox import child, host

RECOGNITION, HANDED_OVER, READ_OUT, DECODING = "recognition", "image handed over", "read out", "decoding"
PREPARATION = "preparation"
PARTS = (RECOGNITION, PREPARATION, HANDED_OVER, READ_OUT, DECODING)
_spent: defaultdict[str, float] = defaultdict(float)


def _timed(part: str, work: Callable[..., Any], *given: Any, clock: Callable[[], float] = time.process_time) -> Any:
    """Do something, and note its seconds of CPU under a name."""
    before = clock()
    try:
        return work(*given)
    finally:
        _spent[part] += clock() - before


def _user_seconds() -> float:
    """CPU outside the kernel: what the kernel does for a fresh process, as handing out memory, is the sandbox's."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


class _Library(PyTessBaseAPI):  # type: ignore[misc]  # it has no types
    """libtesseract, whose recognition is timed."""

    def Recognize(self, timeout: int = 0) -> bool:  # noqa: N802  tesserocr's name
        return bool(_timed(RECOGNITION, super().Recognize, timeout, clock=_user_seconds))


class _Pages:
    """Implements `Pages`."""

    def __init__(self, *given: Any) -> None:
        _spent.clear()
        self._pages: Pages = _timed(DECODING, open_pages, *given)

    def count(self) -> int:
        return self._pages.count()

    def render(self, number: int) -> PageImage:
        return _timed(DECODING, self._pages.render, number)  # type: ignore[no-any-return]


def _read_page(*given: Any) -> PageResult:
    """The words as they are, so that as much goes back as ever; the figures as text."""
    result: PageResult = _real_read_page(*given)
    figures = json.dumps({part: _spent[part] for part in PARTS})
    _spent.clear()
    return replace(result, text=figures)


def _part(module: ModuleType, name: str, part: str) -> Any:
    """A patch that times a function."""
    real = getattr(module, name)
    return mock.patch.object(module, name, lambda *given, **named: _timed(part, partial(real, **named), *given))


def main() -> None:
    """Be the host."""
    with (
        mock.patch.object(tesserocr_engine, "PyTessBaseAPI", _Library),
        _part(tesserocr_engine, "read_out", READ_OUT),
        _part(tesserocr_engine, "set_image", HANDED_OVER),
        _part(reading, "is_blank", PREPARATION),
        _part(tries, "prepared", PREPARATION),
        mock.patch.object(child, "open_pages", _Pages),
        mock.patch.object(child, "read_page", _read_page),
    ):
        host.main(sys.argv)

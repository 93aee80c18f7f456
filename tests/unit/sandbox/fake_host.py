"""A host whose engine does what its language says: `python -m tests.unit.sandbox.fake_host …`. All else is real."""

import ctypes
import os
import sys
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

from ocr_platform.errors import EngineMissing, PageTimeout, RecognitionFailed
from ocr_platform.models import EngineName, Word
from ocr_platform.ocr.engines import AS_USUAL, Command, Manner, Recognition
from ocr_platform.ocr.pages import PageImage
from ocr_platform.sandbox import host

WORD = Word("Lorem", 1, 2, 3, 4, 90.0, 1, 1, 1)
# What an attacker could have a sandbox say of a page.
LIES: dict[str, Recognition] = {
    "surrogate": Recognition("half a pair: \ud800", ()),
    "nul": Recognition("a\0b", ()),
    "outside": Recognition("", (Word("Lorem", 1, 2, 3_000_000, 4, 90.0, 1, 1, 1),)),
    "negative": Recognition("", (Word("Lorem", -1, 2, 3, 4, 90.0, 1, 1, 1),)),
    "nan": Recognition("", (Word("Lorem", 1, 2, 3, 4, float("nan"), 1, 1, 1),)),
    "long": Recognition("x" * 9 * 1024 * 1024, ()),
}
_MIB = 1024 * 1024


def _faulty(fault: Exception) -> Callable[[], Recognition]:
    def raise_it() -> Recognition:
        raise fault

    return raise_it


def _spin() -> Recognition:
    while True:
        pass


def _grow() -> Recognition:
    kept = []
    while True:
        kept.append(bytearray(64 * _MIB))


def _keep() -> Recognition:
    """Leave memory resident, as a library does that never gives back."""
    _kept.append(bytes([1]) * 128 * _MIB)
    return Recognition("kept", ())


def _complain() -> Recognition:
    os.write(2, b"Error in pixCreateHeader: alloc fail for data\n")
    return Recognition("less than there is", ())


_kept: list[Any] = []
DEEDS: dict[str, Callable[[], Any]] = {
    "segfault": lambda: ctypes.string_at(0),
    "exit": lambda: os._exit(0),
    "sleep": lambda: time.sleep(600),
    "spin": _spin,
    "grow": _grow,
    "keep": _keep,
    "complain": _complain,
    "timeout": _faulty(PageTimeout()),
    "refuse": _faulty(RecognitionFailed("own words")),
    "unforeseen": _faulty(RuntimeError("the text of the page")),
}


class FakeEngine:
    """Implements `OcrEngine`."""

    name = EngineName.AUTO

    def command(self) -> Command | None:
        return None

    def languages(self) -> frozenset[str]:
        return frozenset({"eng", "deu"})

    def prepare(self, languages: str) -> None:
        if languages == "missing":
            raise EngineMissing
        if languages == "die":
            os._exit(1)

    def recognise(
        self,
        page: PageImage,
        languages: str,
        timeout: float,
        manner: Manner = AS_USUAL,  # noqa: ARG002
    ) -> Recognition:
        assert timeout > 0
        if languages in LIES:
            return LIES[languages]
        if languages in DEEDS:
            done = DEEDS[languages]()
            if isinstance(done, Recognition):
                return done
        return Recognition(f"{languages} {page.image.width} {os.getpid()}", (WORD,))

    def clear(self) -> None:
        return


if __name__ == "__main__":
    with mock.patch.object(host, "make_engine", return_value=FakeEngine()):
        host.main(sys.argv)

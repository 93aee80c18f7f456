"""Reading pages in their own language: a sandbox reads a part of a page, the worker tells the language by it.

The sandbox can open no model that its host has not loaded, and what it says may be a lie: so it gives text, the worker
looks the words up and asks for a sandbox with the models that it chose. A document's pages mostly share their language,
which is therefore found out once; each page that was read is looked at again.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from ocr_platform.errors import LanguageMissing
from ocr_platform.models import OcrMode, PageResult, Reading
from ocr_platform.ocr.language import Languages, worth_a_look
from ocr_platform.sandbox.memory import SealedDocument

_log = logging.getLogger(__name__)

_USUAL = "eng"
_NO_LANGUAGES = frozenset({"osd", "equ"})
_MOST_TRIES = 3  # pages of a document that are sampled without a result
_MOST_SCRIPTS = 6  # first readings of one page, each of an eighth of it


class Reads(Protocol):
    """What is needed of a reader."""

    def read(self, models: str, document: SealedDocument, number: int, reading: Reading) -> PageResult:
        """Read a page with models."""
        ...

    def sample(self, model: str, document: SealedDocument, number: int) -> str:
        """A part of a page's text."""
        ...


class Speech:
    """Finds out languages, and remembers that of the last document."""

    def __init__(self, directory: str | None, installed: Iterable[str]) -> None:
        """Models in a directory are told apart; without one everything is read with the usual model."""
        self._directory = directory
        self._installed = sorted(set(installed) - _NO_LANGUAGES)
        self._usual = _USUAL if _USUAL in self._installed else next(iter(self._installed), "")
        self._document: SealedDocument | None = None
        self._models: str | None = None
        self._tries = 0

    @cached_property
    def _languages(self) -> Languages:
        """Opened when somebody asks for a language to be found out."""
        return Languages(Path(self._directory or "."), self._installed if self._directory else ())

    def read(self, reader: Reads, document: SealedDocument, number: int, reading: Reading) -> PageResult:
        """Read a page in its language, or in the usual one. Raises what the reader raises, LanguageMissing."""
        if not self._usual:
            raise LanguageMissing
        started = time.monotonic()
        if self._document is not document:
            self._document, self._models, self._tries = document, None, 0
        sampled = self._models is None and reading.mode is not OcrMode.SKIP
        if sampled:
            self._models = self._found(reader, document, number)
        result = reader.read(self._models or self._usual, document, number, reading)
        # Another language than that of the pages before, or one that the part did not give away; or another script.
        better: str | None = "+".join(self._languages.better(result.text, result.languages))
        if not better and not sampled and not self._languages.suits(result.text, result.languages):
            better = self._found(reader, document, number)
        if better and better != self._models:
            self._models = better
            result = reader.read(better, document, number, reading)
        if self._models is None:
            _log.info("language_unsure", extra={"page": number, "models": self._usual})
        return replace(result, seconds=round(time.monotonic() - started, 3))

    def _found(self, reader: Reads, document: SealedDocument, number: int) -> str | None:
        """The models of a page's language by a first reading in each script; None when nothing suits, or too often."""
        if self._tries >= _MOST_TRIES:
            return None
        models = self._sampled(reader, document, number)
        self._tries = 0 if models else self._tries + 1
        return models

    def _sampled(self, reader: Reads, document: SealedDocument, number: int) -> str | None:
        for first in self._languages.first_readers()[:_MOST_SCRIPTS]:
            text = reader.sample(first.model, document, number)
            if not worth_a_look(text):
                return None
            models = self._languages.of(text, first.script)
            if models:
                return "+".join(models)
        return None

"""A reader whose documents all say the same."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ocr_platform.errors import (
    PageError,
    RecognitionFailed,
)
from ocr_platform.models import (
    AUTO_LANGUAGES,
    DocumentFormat,
    PageResult,
    PdfWay,
    Reading,
    SearchablePdf,
    Word,
)
from ocr_platform.ocr.formats import sniff
from ocr_platform.ports import OpenDocument

AS_USUAL = Reading()


@dataclass(frozen=True, slots=True, eq=False)
class FakeDocument:
    """Implements `ports.OpenDocument`; `password` is what it was opened with."""

    sha256: str
    format: DocumentFormat | None
    password: str | None = field(default=None, repr=False)


class FakeReader:
    """Implements `ports.DocumentReader`: every document has the same pages, with the texts that it is given.

    `faults` by page number: a PageError becomes that page's result, any other exception is raised there.
    `document_fault` is raised when pages are counted, `pdf_fault` when a searchable PDF is asked for, `pdfa_fault` when
    it is to be PDF/A.
    `recognised` lists the pages that were asked for, in order, `readings` how they were to be read; `passwords` what
    each document was opened with.
    """

    def __init__(
        self,
        pages: Sequence[str] = ("Lorem ipsum",),
        *,
        faults: Mapping[int, Exception] | None = None,
        document_fault: Exception | None = None,
        pdf_fault: Exception | None = None,
        pdfa_fault: Exception | None = None,
        languages: Iterable[str] = ("eng",),
        confidence: float = 90.0,
    ) -> None:
        self.recognised: list[int] = []
        self.readings: list[Reading] = []
        self.passwords: list[str | None] = []
        self._pages = tuple(pages)
        self._faults = dict(faults or {})
        self._document_fault = document_fault
        self._pdf_fault = pdf_fault
        self._pdfa_fault = pdfa_fault
        self._languages = frozenset(languages)
        self._confidence = confidence
        self._open: list[OpenDocument] = []

    @contextmanager
    def load(self, chunks: Iterable[bytes], password: str | None = None) -> Iterator[OpenDocument]:
        """Take a document; it can be asked about until the context ends."""
        body = b"".join(chunks)
        document = FakeDocument(hashlib.sha256(body).hexdigest(), sniff(body), password)
        self.passwords.append(password)
        self._open.append(document)
        try:
            yield document
        finally:
            self._open.remove(document)

    def count_pages(self, document: OpenDocument) -> int:
        """How many texts there are."""
        self._require_open(document)
        if self._document_fault is not None:
            raise self._document_fault
        return len(self._pages)

    def recognise(
        self, document: OpenDocument, number: int, languages: Sequence[str], reading: Reading = AS_USUAL
    ) -> PageResult:
        """The text of a page, however it is to be read, its words side by side in boxes of 100 by 20 pixels."""
        self._require_open(document)
        self.recognised.append(number)
        self.readings.append(reading)
        fault = self._faults.get(number)
        if not self._languages.issuperset(languages) and AUTO_LANGUAGES not in languages:
            fault = RecognitionFailed()
        if isinstance(fault, PageError):
            return PageResult(number, error=fault.code)
        if fault is not None:
            raise fault
        text = self._pages[number - 1]
        words = tuple(
            Word(word, 100 * place, 0, 100, 20, self._confidence, 1, 1, 1) for place, word in enumerate(text.split())
        )
        return PageResult(number, width=2480, height=3508, dpi=300, text=text, words=words, seconds=0.1)

    def searchable_pdf(
        self, document: OpenDocument, pages: Sequence[PageResult], *, archival: bool = False
    ) -> SearchablePdf:
        """Something that begins as a PDF does and has the pages' text."""
        self._require_open(document)
        fault = self._pdfa_fault if archival else self._pdf_fault
        if fault is not None:
            raise fault
        body = "%PDF-1.7\n" + "\f".join(page.text for page in pages)
        way = PdfWay.GRAFTED if document.format is DocumentFormat.PDF else PdfWay.WRAPPED
        return SearchablePdf(body.encode(), way)

    def languages(self) -> frozenset[str]:
        """The models that it was given."""
        return self._languages

    def _require_open(self, document: OpenDocument) -> None:
        if document not in self._open:
            raise TypeError("a document that this reader has loaded and not let go")

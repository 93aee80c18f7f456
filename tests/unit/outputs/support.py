"""A job and pages that outputs are built from."""

from collections.abc import Sequence
from uuid import UUID

from ocr_platform.models import (
    DocumentFormat,
    Job,
    JobOptions,
    OutputFormat,
    PageResult,
    SourceRef,
    Stage,
    Word,
    WordSource,
)
from ocr_platform.outputs import builder_of

JOB = Job(
    UUID("00000000-0000-4000-8000-000000000001"),
    "default",
    SourceRef("documents", "uploads/patient-roe.pdf", "1"),
    JobOptions(("eng", "deu")),
    Stage.ENCRYPT_UPLOAD,
    fence=5,
    holder=UUID("00000000-0000-4000-8000-000000000002"),
    source_sha256="ab" * 32,
    source_format=DocumentFormat.PDF,
    page_count=3,
)
WORD = Word("Grüße", 10, 20, 110, 30, 91.2345, 1, 2, 3)
# What words can be: control characters and half of what markup is made of, of other scripts, turned, from elsewhere.
HARD = (
    Word("<b>&amp;\"'", 1, 1, 20, 10, 0.0, 1, 1, 1),
    Word("\x01\x0b\x1f\ufffe", 30, 1, 20, 10, 100.0, 1, 1, 1),
    Word("\U0001f600", 60, 1, 20, 10, 50.5, 1, 1, 2, WordSource.TEXT),
    Word("שלום", 90, 1, 10, 40, 33.333, 2, 1, 1, WordSource.SECOND, 90),
    Word("日本", 90, 50, 10, 40, 33.333, 2, 1, 1, WordSource.SECOND, 90),
)
PAGES = [
    PageResult(
        1, width=2480, height=3508, dpi=300, text="Grüße\n", words=(WORD,), seconds=1.25, languages=("deu",), skew=0.5
    ),
    PageResult(2, error="page_damaged"),
    PageResult(3, width=100, height=200, dpi=0, text="", seconds=0.5, blank=True, languages=("eng", "deu")),
    PageResult(4, width=100, height=200, dpi=72, text="hard", words=HARD, rotation=90, languages=("script/Latin",)),
]


def page_of(words: Sequence[Word], text: str = "") -> PageResult:
    """A page at 300 dpi with these words."""
    return PageResult(1, 2480, 3508, 300, text, tuple(words), languages=("eng",))


def built(name: OutputFormat, pages: Sequence[PageResult]) -> str:
    """An output as text."""
    return builder_of(name).build(JOB, pages).decode()

"""Outputs, one file each: a pure function from a job's pages to bytes, or for a PDF to the text that it gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ocr_platform.models import Job, OutputFormat, PageResult
from ocr_platform.outputs.alto import build_alto
from ocr_platform.outputs.hocr import build_hocr
from ocr_platform.outputs.json import build_json
from ocr_platform.outputs.markdown import build_markdown
from ocr_platform.outputs.text import build_text


@dataclass(frozen=True, slots=True)
class OutputKind:
    """How one output is named and typed."""

    file_name: str
    content_type: str


@dataclass(frozen=True, slots=True)
class OutputBuilder(OutputKind):
    """An output that is built from pages alone; the same job and pages always give the same bytes."""

    build: Callable[[Job, Sequence[PageResult]], bytes]


_BUILDERS = {
    OutputFormat.TEXT: OutputBuilder("text.txt", "text/plain; charset=utf-8", build_text),
    OutputFormat.JSON: OutputBuilder("words.json", "application/json", build_json),
    OutputFormat.HOCR: OutputBuilder("document.hocr", "application/xhtml+xml", build_hocr),
    OutputFormat.ALTO: OutputBuilder("document.alto.xml", "application/xml", build_alto),
    OutputFormat.MARKDOWN: OutputBuilder("document.md", "text/markdown; charset=utf-8", build_markdown),
}
# These are made from the document itself, in the sandbox.
_MADE = {
    OutputFormat.PDF: OutputKind("searchable.pdf", "application/pdf"),
    OutputFormat.PDFA: OutputKind("document.pdfa.pdf", "application/pdf"),
}


def kind_of(name: OutputFormat) -> OutputKind:
    """An output's name and type; an OutputBuilder when it is built from pages alone."""
    return _MADE.get(name) or _BUILDERS[name]


def builder_of(name: OutputFormat) -> OutputBuilder:
    """The builder of an output that is built from pages alone."""
    return _BUILDERS[name]

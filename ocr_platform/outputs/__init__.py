"""Outputs, one file each: a pure function from a job's pages to bytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ocr_platform.models import Job, OutputFormat, PageResult
from ocr_platform.outputs.alto import build_alto
from ocr_platform.outputs.hocr import build_hocr
from ocr_platform.outputs.json import build_json
from ocr_platform.outputs.markdown import build_markdown
from ocr_platform.outputs.text import build_text


@dataclass(frozen=True, slots=True)
class OutputBuilder:
    """How one output is named, typed and built; the same job and pages always give the same bytes."""

    file_name: str
    content_type: str
    build: Callable[[Job, Sequence[PageResult]], bytes]


_BUILDERS = {
    OutputFormat.TEXT: OutputBuilder("text.txt", "text/plain; charset=utf-8", build_text),
    OutputFormat.JSON: OutputBuilder("words.json", "application/json", build_json),
    OutputFormat.HOCR: OutputBuilder("document.hocr", "application/xhtml+xml", build_hocr),
    OutputFormat.ALTO: OutputBuilder("document.alto.xml", "application/xml", build_alto),
    OutputFormat.MARKDOWN: OutputBuilder("document.md", "text/markdown; charset=utf-8", build_markdown),
}


def builder_of(name: OutputFormat) -> OutputBuilder:
    """The builder of an output."""
    return _BUILDERS[name]

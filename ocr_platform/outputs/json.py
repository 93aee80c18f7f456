"""Blocks, lines and words with boxes and confidence as JSON; `docs/outputs.md` describes the fields.

`schema/words-2.json` in this package is their JSON Schema (draft 2020-12).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ocr_platform.layout import Box, Line, tree_of
from ocr_platform.models import Job, PageResult, Word

SCHEMA_VERSION = 2
_SCHEMA_FILE = Path(__file__).with_name("schema") / f"words-{SCHEMA_VERSION}.json"
_POINTS_PER_INCH = 72  # ISO 32000-1, 8.3.2.3

_Numbers = list[float]


def build_json(job: Job, pages: Sequence[PageResult]) -> bytes:
    """One object for the document, boxes as [left, top, width, height]."""
    document = {
        "schema": SCHEMA_VERSION,
        "job_id": str(job.id),
        "source": {"sha256": job.source_sha256, "format": job.source_format},
        "languages": list(job.options.languages),
        "pages": [],
    }
    head = _dumped(document).removesuffix("]}")
    # Page by page: the objects of a page are many times as large as its bytes.
    return (head + ",".join(_dumped(_page(page)) for page in pages) + "]}").encode()


def json_schema() -> str:
    """The JSON Schema of this output."""
    return _SCHEMA_FILE.read_text(encoding="utf-8")


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _page(page: PageResult) -> dict[str, Any]:
    if page.error is not None:
        return {"number": page.number, "error": page.error}
    scale = _POINTS_PER_INCH / page.dpi if page.dpi else None
    blocks = tree_of(page.words)
    return {
        "number": page.number,
        "error": None,
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "rotation": page.rotation,
        "skew": round(page.skew, 2),
        "languages": list(page.languages),
        "blank": page.blank,
        "confidence": round(page.confidence, 2),
        "blocks": [{"block": block.number, **_placed(block.box, scale)} for block in blocks],
        "lines": [
            _line(line, block.number, paragraph.number, scale)
            for block in blocks
            for paragraph in block.paragraphs
            for line in paragraph.lines
        ],
        "words": [_word(word, scale) for word in page.words],
    }


def _line(line: Line, block: int, paragraph: int, scale: float | None) -> dict[str, Any]:
    return {
        "text": line.text,
        **_placed(line.box, scale),
        "block": block,
        "paragraph": paragraph,
        "line": line.number,
    }


def _word(word: Word, scale: float | None) -> dict[str, Any]:
    box = [word.left, word.top, word.width, word.height]
    return {
        "text": word.text,
        "box": box,
        "points": None if scale is None else [round(value * scale, 2) for value in box],
        "confidence": round(word.confidence, 2),
        "block": word.block,
        "paragraph": word.paragraph,
        "line": word.line,
        "source": word.source,
        "rotation": word.rotation,
    }


def _placed(box: Box, scale: float | None) -> dict[str, _Numbers | None]:
    """A box in pixels and, where the resolution is known, in points."""
    numbers: _Numbers = [box.left, box.top, box.width, box.height]
    return {"box": numbers, "points": None if scale is None else [round(value * scale, 2) for value in numbers]}

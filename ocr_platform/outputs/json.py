"""Words with boxes and confidence as JSON; `docs/outputs.md` describes the fields."""

import json
from collections.abc import Sequence
from typing import Any

from ocr_platform.models import Job, PageResult, Word

SCHEMA_VERSION = 1


def build_json(job: Job, pages: Sequence[PageResult]) -> bytes:
    """One object for the document, boxes as [left, top, width, height] in pixels of the page image."""
    document = {
        "schema": SCHEMA_VERSION,
        "job_id": str(job.id),
        "source": {"sha256": job.source_sha256, "format": job.source_format},
        "languages": list(job.options.languages),
        "pages": [_page(page) for page in pages],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _page(page: PageResult) -> dict[str, Any]:
    if page.error is not None:
        return {"number": page.number, "error": page.error}
    return {
        "number": page.number,
        "error": None,
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "confidence": round(page.confidence, 2),
        "words": [_word(word) for word in page.words],
    }


def _word(word: Word) -> dict[str, Any]:
    return {
        "text": word.text,
        "box": [word.left, word.top, word.width, word.height],
        "confidence": round(word.confidence, 2),
        "block": word.block,
        "paragraph": word.paragraph,
        "line": word.line,
    }

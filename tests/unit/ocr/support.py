"""Limits that hardly a test meets, and pages to recognise."""

from typing import Any

from ocr_platform.ocr.limits import Limits


def limits(**changed: Any) -> Limits:
    """Limits that only what is meant to be refused is over."""
    values: dict[str, Any] = {
        "max_pages": 100,
        "max_pixels": 100_000_000,
        "max_document_pixels": 10**12,
        "max_page_inches": 200.0,
        "render_dpi": 300,
    }
    return Limits(**(values | changed))

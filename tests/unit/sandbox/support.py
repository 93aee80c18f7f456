"""Configurations and small documents."""

import io
from typing import Any

from PIL import Image

from ocr_platform.models import EngineName, SandboxMode
from ocr_platform.sandbox.config import Config
from tests.unit.ocr.support import limits

MIB = 1024 * 1024


def config(**changed: Any) -> Config:
    """Limits for small documents; those of pages among the keywords too."""
    own = {name: changed.pop(name) for name in tuple(changed) if name.startswith("max_") or name == "render_dpi"}
    values: dict[str, Any] = {
        "limits": limits(**({"max_pages": 3, "render_dpi": 100} | own)),
        "memory_bytes": 1024 * MIB,
        "page_timeout": 20.0,
        "document_timeout": 60.0,
        "engine": EngineName.AUTO,
        "mode": SandboxMode.BEST_EFFORT,
    }
    return Config(**(values | changed))


def tiff(*widths: int) -> bytes:
    """Pages of so many pixels by ten, at 200 dpi."""
    out = io.BytesIO()
    frames = [Image.new("L", (width, 10), 255) for width in widths]
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:], dpi=(200, 200))
    return out.getvalue()

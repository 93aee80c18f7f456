"""Documents that benchmarks draw for themselves."""

import io
import sys
import time
from typing import Any

from PIL import Image, ImageDraw, ImageFont

_SIZE = (1000, 360)
_INK, _PAPER = 0, 255
_LINES = ("Page {number} of a long document", "reads the quick brown fox", "and jumps over {number} lazy dogs")
_OPTIONS: dict[str, dict[str, Any]] = {
    "TIFF": {"compression": "group4", "dpi": (300, 300)},
    "PDF": {"resolution": 300},
}


def long_document(pages: int, format: str = "TIFF") -> bytes:
    """A TIFF, or a PDF, of printed pages, small enough that a page takes a few tenths of a second."""
    started = time.monotonic()
    font = ImageFont.load_default(40)
    images = []
    for number in range(1, pages + 1):
        image = Image.new("L", _SIZE, _PAPER)
        text = "\n".join(_LINES).format(number=number)
        ImageDraw.Draw(image).multiline_text((60, 60), text, _INK, font, spacing=40)
        images.append(image.convert("1"))
    out = io.BytesIO()
    images[0].save(out, format, save_all=True, append_images=images[1:], **_OPTIONS[format])
    sys.stderr.write(f"drew {pages} pages in {time.monotonic() - started:.1f} s, {out.tell():,} bytes\n")
    return out.getvalue()

"""A sandbox host whose sandboxes give pages as pictures instead of reading them; all else is the platform's own."""

import base64
import io
import json
import sys

from PIL import Image

from ocr_platform.models import PageResult, Reading
from ocr_platform.ocr.engines import OcrEngine
from ocr_platform.ocr.pages import Pages
from ocr_platform.ocr.second import LineReader
from ocr_platform.sandbox import child, host

_THUMBNAIL = (240, 240)


def pictured(
    pages: Pages,
    number: int,
    reading: Reading,
    engine: OcrEngine,
    languages: str,
    ends: float,
    second: LineReader | None = None,
) -> PageResult:
    """The page as a small PNG, with the mode that it was decoded to, in the place of its text."""
    page = pages.render(number)
    small = page.image.convert("L")
    small.thumbnail(_THUMBNAIL, Image.Resampling.BOX)
    body = io.BytesIO()
    small.save(body, "PNG")
    text = json.dumps({"mode": page.image.mode, "png": base64.b85encode(body.getvalue()).decode()})
    return PageResult(number=number, width=page.image.width, height=page.image.height, dpi=page.dpi, text=text)


if __name__ == "__main__":
    child.read_page = pictured  # type: ignore[attr-defined]
    host.main(sys.argv)

"""Documents that are recognised in a quarter of a second a page, each with words that stand nowhere else."""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image, ImageDraw, ImageFont

from ocr_platform.models import Job, JobOptions, SourceRef, Stage
from ocr_platform.outputs.json import build_json
from ocr_platform.outputs.text import build_text
from ocr_platform.runtime import Runtime
from ocr_platform.settings import Settings
from tests.canary import VOCABULARY
from tests.data.pages import image_bytes, pdf_bytes, tiff_bytes

_SIZE = (1100, 330)
_DPI = 300
_LETTERS = 50  # pixels: 12 points
_CHUNK = 65536


@dataclass(frozen=True)
class Document:
    """A file, its number of pages and the words that give it away."""

    path: Path
    pages: int
    canary: tuple[str, ...]


@dataclass(frozen=True)
class Undisturbed:
    """What a run without any fault delivers: the text, and the pages of the JSON output."""

    text: str
    pages: list[dict[str, Any]]


def write_document(path: Path, pages: int = 1, seed: int = 0) -> Document:
    """Write a document: a .png (one page), .tif or .pdf. Another seed makes another document."""
    rng = random.Random(f"document {seed}")
    canary = tuple(rng.sample(VOCABULARY, 3))
    name = str(rng.randrange(100_000, 1_000_000))
    drawn = [_draw_page(f"Document {name}, page {number} of {pages}.", canary) for number in range(1, pages + 1)]
    match path.suffix:
        case ".png":
            assert pages == 1, "a PNG has one page"
            content = image_bytes(drawn[0], "PNG", _DPI)
        case ".tif":
            content = tiff_bytes(drawn, (_DPI, _DPI), "tiff_lzw")
        case _:
            content = pdf_bytes(drawn, _DPI)
    path.write_bytes(content)
    return Document(path, pages, canary)


def _draw_page(title: str, canary: tuple[str, ...]) -> Image.Image:
    image = Image.new("L", _SIZE, 255)
    font = ImageFont.load_default(_LETTERS)
    for place, line in enumerate((title, "The secret of this page is", " ".join(canary) + ".")):
        ImageDraw.Draw(image).text((40, 40 + place * 90), line, 0, font)
    return image


def undisturbed(document: Document, settings: Settings) -> Undisturbed:
    """Recognise a document here, in the same sandbox as a worker's, without any server."""
    runtime = Runtime(settings)
    try:
        with document.path.open("rb") as file, runtime.reader.load(iter(lambda: file.read(_CHUNK), b"")) as opened:
            numbers = range(1, runtime.reader.count_pages(opened) + 1)
            results = [runtime.reader.recognise(opened, number, ("eng",)) for number in numbers]
    finally:
        runtime.close()
    # The job is in the head of the JSON, not in its pages.
    nobody = UUID(int=0)
    job = Job(nobody, "default", SourceRef("bucket", "key", "version"), JobOptions(), Stage.OCR, None, nobody)
    return Undisturbed(build_text(job, results).decode(), json.loads(build_json(job, results))["pages"])

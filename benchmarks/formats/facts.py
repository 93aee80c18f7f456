"""One file through a sandbox: what it is, and what each of its first pages became."""

import base64
import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ocr_platform.errors import PlatformError
from ocr_platform.models import EngineName
from ocr_platform.ocr.limits import Limits
from ocr_platform.sandbox.config import Config
from ocr_platform.sandbox.reader import SandboxReader

_PROGRAM = ("-m", "benchmarks.formats.host")
_ROOT = Path(__file__).parents[2]
_MIB = 1024 * 1024
# The settings' own defaults, but for time: nothing is recognised.
_LIMITS = Limits(
    max_pages=2_000, max_pixels=100_000_000, max_document_pixels=20_000_000_000, max_page_inches=200.0, render_dpi=300
)
_PAGE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was decoded: sizes in pixels, `dpi` 0 where it is not known, `mode` of Pillow, a small picture."""

    width: int
    height: int
    dpi: int
    mode: str
    picture: Image.Image


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file is: its format by content, its pages, and of each that was looked at the page or an error's code."""

    name: str
    format: str
    pages: int
    found: tuple[Page | str, ...]
    seconds: float = 0.0

    @property
    def state(self) -> str:
        """`read`, or the code of the first error."""
        return next((each for each in self.found if isinstance(each, str)), "read")


@contextmanager
def pictures() -> Iterator[SandboxReader]:
    """A reader whose pages are pictures."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(_ROOT)}
    config = Config(
        limits=_LIMITS,
        memory_bytes=2048 * _MIB,
        page_timeout=_PAGE_SECONDS,
        document_timeout=20 * _PAGE_SECONDS,
        engine=EngineName.TESSEROCR,
    )
    with tempfile.TemporaryDirectory() as scratch:
        reader = SandboxReader(config, Path(scratch), environment, _PROGRAM)
        with closing(reader):
            yield reader


def facts_of(path: Path, reader: SandboxReader, pages: int, password: str | None) -> Facts:
    """Look at the first pages of a file."""
    with reader.load([path.read_bytes()], password) as document:
        if document.format is None:
            return Facts(path.name, "-", 0, ("format_unsupported",))
        try:
            count = reader.count_pages(document)
        except PlatformError as exc:
            return Facts(path.name, document.format, 0, (exc.code,))
        results = [reader.recognise(document, number, ["eng"]) for number in range(1, min(count, pages) + 1)]
    found = tuple(result.error or _page(result.text, result.width, result.height, result.dpi) for result in results)
    return Facts(path.name, document.format, count, found, sum(result.seconds for result in results))


def _page(text: str, width: int, height: int, dpi: int) -> Page:
    said = json.loads(text)
    with Image.open(io.BytesIO(base64.b85decode(said["png"])), formats=("PNG",)) as picture:
        return Page(width, height, dpi, said["mode"], picture.convert("L"))

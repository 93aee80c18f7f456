"""Files that crash, hang or exhaust decoders end in a typed error or a page result, and the reader goes on."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocr_platform.errors import DocumentError
from ocr_platform.sandbox.reader import SandboxReader
from tests.conftest import require_services
from tests.integration.sandbox.support import ENGINES, ENVIRONMENT, MIB, NOTE, config, note_png, read

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("OCR_CORPUS") or ROOT.parent / "shared" / "corpus") / "hostile"
FILES = sorted(path for path in CORPUS.glob("*") if path.is_file()) if CORPUS.is_dir() else []
PAGE_SECONDS = 2.0
# Opening, counting and each page may take a page's time and the reader's grace; starting a child comes on top.
DEADLINE_SECONDS = 4 * (PAGE_SECONDS + 2.0) + 3.0
PAGES = 2

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILES, reason=f"no hostile files in {CORPUS}; set OCR_CORPUS"),
]


@pytest.fixture(scope="module", params=ENGINES)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxReader]:
    """One reader for all files, as a worker has it."""
    require_services()
    limits = config(
        engine=request.param,
        memory_bytes=512 * MIB,
        page_timeout=PAGE_SECONDS,
        max_pixels=20_000_000,
        render_dpi=150,
    )
    reader = SandboxReader(limits, tmp_path_factory.mktemp("hostile"), ENVIRONMENT)
    yield reader
    reader.close()


def outcomes(reader: SandboxReader, body: bytes) -> list[str]:
    """What became of a file: an error's code, or for each of its first pages a code or `read`."""
    with reader.load([body]) as document:
        if document.format is None:
            return ["format_unsupported"]
        try:
            count = reader.count_pages(document)
        except DocumentError as exc:
            return [exc.code]
        numbers = range(1, min(count, PAGES) + 1)
        return [reader.recognise(document, number, ["eng"]).error or "read" for number in numbers]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_hostile_file_ends_within_its_deadline_and_the_reader_goes_on(path: Path, reader: SandboxReader) -> None:
    started = time.monotonic()

    found = outcomes(reader, path.read_bytes())

    assert found
    assert time.monotonic() - started < DEADLINE_SECONDS
    assert read(reader, note_png()).text.strip() == NOTE

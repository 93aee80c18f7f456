"""The second reader works in a sandbox that is shut: forked with its networks, without file, thread or network."""

import logging
from pathlib import Path

import pytest

from ocr_platform.models import EngineName, Quality, Reading, WordSource
from ocr_platform.sandbox.reader import SandboxReader
from tests.conftest import require_services
from tests.data import scan_page
from tests.data.pages import image_bytes
from tests.integration.sandbox.conftest import MakeReader
from tests.integration.sandbox.support import ENVIRONMENT, MIB, NOTE, config, host_of, note_png

pytest.importorskip("rapidocr")

BEST, BALANCED = Reading(quality=Quality.BEST), Reading(quality=Quality.BALANCED)
# A host of an installation without the extra.
_WITHOUT = """
import sys
from ocr_platform.ocr.engines import choice
found = choice.find_spec
choice.find_spec = lambda name: None if name == "rapidocr" else found(name)
from ocr_platform.sandbox.host import main
main(sys.argv)
"""


def faint_png() -> bytes:
    """The note at so low a resolution that Tesseract reads nothing of it."""
    return image_bytes(scan_page(NOTE, dpi=60, skew=0, noise=0.1), "PNG", 60)


@pytest.fixture
def reader(make_reader: MakeReader) -> SandboxReader:
    return make_reader(memory_bytes=1280 * MIB)


def test_a_page_that_the_first_reader_cannot_read_is_read_by_the_second(reader: SandboxReader) -> None:
    with reader.load([faint_png()]) as document:
        balanced = reader.recognise(document, 1, ["eng"], BALANCED)
        best = reader.recognise(document, 1, ["eng"], BEST)
        threads = [each.num_threads() for each in (host_of(reader), *host_of(reader).children())]

    assert best.error is None
    assert best.text.split() == NOTE.split()
    assert {word.source for word in best.words} == {WordSource.SECOND}
    assert len(balanced.words) < len(best.words)
    assert threads == [1, 1]


def test_a_page_that_the_first_reader_reads_well_keeps_its_words(reader: SandboxReader) -> None:
    with reader.load([note_png()]) as document:
        result = reader.recognise(document, 1, ["eng"], BEST)

    assert result.text.split() == NOTE.split()
    assert {word.source for word in result.words} == {WordSource.OCR}
    assert result.disputed == 0.0


def test_libraries_and_networks_are_loaded_when_somebody_asks_for_the_best_and_not_before(
    reader: SandboxReader,
) -> None:
    def loaded() -> bool:
        return "onnxruntime" in Path(f"/proc/{host_of(reader).pid}/maps").read_text(encoding="ascii")

    with reader.load([note_png()]) as document:
        reader.recognise(document, 1, ["eng"], BALANCED)
        before = loaded()
        reader.recognise(document, 1, ["eng"], BEST)

        assert (before, loaded()) == (False, True)


def test_without_the_extra_the_best_is_what_the_first_reader_gives_and_the_log_says_so_once(
    scratch: Path, caplog: pytest.LogCaptureFixture
) -> None:
    require_services()
    reader = SandboxReader(config(engine=EngineName.TESSEROCR), scratch, ENVIRONMENT, program=("-I", "-c", _WITHOUT))
    with caplog.at_level(logging.WARNING), reader.load([note_png()]) as document:
        results = [reader.recognise(document, 1, ["eng"], BEST) for _ in range(2)]
    reader.close()

    assert [result.text.split() for result in results] == [NOTE.split()] * 2
    assert [record.message for record in caplog.records].count("second_reader_missing") == 1

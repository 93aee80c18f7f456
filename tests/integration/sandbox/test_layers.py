"""A page's own text, taken in the real sandbox: no file can be opened there, and memory and time are short."""

import random
import time

import pytest
from PIL import Image

from ocr_platform.models import OcrMode, Reading, WordSource
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import scan_page
from tests.data.born_digital import Page, pdf, picture, shuffled, text
from tests.data.pages import wrap
from tests.data.texts import LETTER
from tests.integration.sandbox.conftest import MakeReader
from tests.integration.sandbox.support import MIB, NOTE, note, read

LINES = wrap(LETTER[0])
ALL = picture("I1", 0, 0, 595, 842)


def _words(text_: str) -> set[str]:
    return set(text_.split())


def test_a_born_digital_page_comes_out_word_for_word_without_recognition(reader: SandboxReader) -> None:
    result = read(reader, pdf([Page(text(LINES))]))

    assert result.error is None
    assert result.text.split() == LETTER[0].split()
    assert {word.source for word in result.words} == {WordSource.TEXT}


@pytest.mark.parametrize("font", ["Shuffled", "Private"])
def test_a_page_whose_font_lies_about_its_letters_is_recognised(font: str, reader: SandboxReader) -> None:
    # Given a page that looks right and whose text is nonsense
    result = read(reader, pdf([Page(text(LINES, font=font))]))

    assert len(_words(result.text) & _words(LETTER[0])) > 0.95 * len(_words(LETTER[0]))
    assert not _words(shuffled(LETTER[0])) & _words(result.text) - _words(LETTER[0])
    assert {word.source for word in result.words} == {WordSource.OCR}


def test_an_earlier_recognition_is_not_believed_unless_it_is_asked_for(reader: SandboxReader) -> None:
    # Given a scan with invisible words that are not on it
    scan = scan_page(LETTER[0], dpi=150)
    body = pdf([Page(ALL + text(["Entirely other words"], mode=3), images=[scan])])

    with reader.load([body]) as document:
        seen = reader.recognise(document, 1, ["eng"])
        given = reader.recognise(document, 1, ["eng"], Reading(OcrMode.SKIP))

    assert len(_words(seen.text) & _words(LETTER[0])) > 0.9 * len(_words(LETTER[0]))
    assert given.text.split() == ["Entirely", "other", "words"]


def test_a_picture_on_a_page_of_text_is_read_with_it(reader: SandboxReader) -> None:
    picture_of_note = note(NOTE).crop((60, 60, 660, 220))
    page = Page(text(LINES[:4]) + picture("I1", 72, 400, 432, 115), images=[picture_of_note])

    result = read(reader, pdf([page]))

    assert _words(" ".join(LINES[:4])) <= _words(result.text)
    assert _words(NOTE) <= _words(result.text)
    assert {word.source for word in result.words} == {WordSource.TEXT, WordSource.OCR}
    for word in result.words:
        if word.source is WordSource.OCR:
            assert word.left >= 300 - 5
            assert 1359 <= word.top <= 1843


def test_blank_pages_are_told(reader: SandboxReader) -> None:
    grain = Image.frombytes("L", (850, 1200), random.Random(1).randbytes(850 * 1200)).point(
        [240 + v // 32 for v in range(256)]
    )
    body = pdf([Page(b""), Page(ALL, images=[grain])])

    with reader.load([body]) as document:
        pages = [reader.recognise(document, number, ["eng"]) for number in (1, 2)]

    assert [page.blank for page in pages] == [True, True]
    assert [(page.text, page.error, page.width) for page in pages] == [("", None, 2480)] * 2


def test_a_page_of_ten_million_characters_is_an_error_of_the_page_and_the_next_one_is_read(
    make_reader: MakeReader,
) -> None:
    # Given 100 KB that unpack to more letters than a page can have, and little memory
    reader = make_reader(memory_bytes=700 * MIB, page_timeout=20.0)
    crowded = Page(text(["abcdefghi " * 1000] * 1000, size=0.1, leading=0.1))
    body = pdf([crowded, Page(text(LINES))])
    started = time.monotonic()

    with reader.load([body]) as document:
        first, second = (reader.recognise(document, n, ["eng"], Reading(OcrMode.SKIP)) for n in (1, 2))

    assert first.error in {"page_too_large", "page_memory", "page_timeout", "decoder_crash"}
    assert first.words == ()
    assert time.monotonic() - started < 60
    assert second.text.split() == LETTER[0].split()

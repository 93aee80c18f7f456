"""Pages that lie badly are read in real sandboxes, and their words stand where their ink is on the page as it came."""

import numpy as np
import pytest
from PIL import Image, ImageChops

from ocr_platform.models import PageResult
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import scan_page
from tests.data.pages import tiff_bytes
from tests.data.texts import LETTER
from tests.integration.sandbox.support import host_of, read

DPI = 150
COUNTER_CLOCKWISE = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


def share_found(result: PageResult) -> float:
    expected, found = set(LETTER[0].split()), set(result.text.split())
    return len(expected & found) / len(expected)


def share_over_ink(result: PageResult, image: Image.Image) -> float:
    """Of the words, those whose box has ink within, and none of whose four neighbours of half its size has more."""
    ink = np.asarray(image) < 120
    over = 0
    for word in result.words:
        here = ink[word.top : word.top + word.height, word.left : word.left + word.width]
        over += bool(here.size and here.mean() > 0.05)
    return over / len(result.words)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_page_is_read_and_says_how_it_lay(reader: SandboxReader, turn: int) -> None:
    image = scan_page(LETTER[0], dpi=DPI, skew=0).transpose(COUNTER_CLOCKWISE[turn])

    result = read(reader, tiff_bytes([image], (DPI, DPI), "tiff_lzw"))

    assert result.error is None
    assert share_found(result) > 0.95
    assert (result.rotation, result.skew) == (turn, 0.0)
    assert (result.width, result.height) == image.size
    assert {word.rotation for word in result.words} == {turn}
    assert share_over_ink(result, image) > 0.98


def test_leaning_page_is_read_and_its_words_lean_with_it(reader: SandboxReader) -> None:
    image = scan_page(LETTER[0], dpi=DPI, skew=9)

    result = read(reader, tiff_bytes([image], (DPI, DPI), "tiff_lzw"))

    assert share_found(result) > 0.9
    assert result.skew == pytest.approx(9, abs=0.3)
    assert share_over_ink(result, image) > 0.98
    # Lines fall to the left: of two words of a line, the right one stands higher
    rising = [
        second.top < first.top
        for first, second in zip(result.words, result.words[3:], strict=False)
        if (first.block, first.paragraph, first.line) == (second.block, second.paragraph, second.line)
    ]
    assert sum(rising) / len(rising) > 0.9


def test_small_page_is_read_and_boxes_are_in_its_own_pixels(reader: SandboxReader) -> None:
    image = scan_page(LETTER[0], dpi=90, skew=0, noise=0.02)

    result = read(reader, tiff_bytes([image], (90, 90), "tiff_lzw"))

    assert share_found(result) > 0.95
    assert (result.width, result.height, result.dpi) == (*image.size, 90)
    assert share_over_ink(result, image) > 0.98


def test_page_in_shadow_is_read(reader: SandboxReader) -> None:
    page = scan_page(LETTER[0], dpi=DPI, skew=0)
    levels = bytes(255 if column < 32 else 255 - 3 * min(60, 4 * (column - 32)) for column in range(64))
    shadow = Image.frombytes("L", (64, 1), levels).resize(page.size, Image.Resampling.BILINEAR)

    result = read(reader, tiff_bytes([ImageChops.multiply(page, shadow)], (DPI, DPI), "tiff_lzw"))

    assert share_found(result) > 0.95


def test_host_has_one_thread_however_many_cores_there_are(reader: SandboxReader) -> None:
    # Each thread of numpy's library would take of every sandbox's address space, and not live through its fork
    reader.languages()

    assert host_of(reader).num_threads() == 1

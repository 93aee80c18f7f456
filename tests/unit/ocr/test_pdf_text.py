"""Words of PDF pages, and where they stand: checked against the ink of the same page when it is drawn."""

import pytest
from PIL import ImageChops

from ocr_platform.models import Word, WordSource
from ocr_platform.ocr import pdf_text
from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.trust import Verdict
from tests.data.born_digital import Page, text
from tests.unit.ocr.pdfs import LINES, layer, opened
from tests.unit.ocr.support import limits


def _ink(page: PageImage) -> tuple[int, int, int, int]:
    """The box of all that is not white."""
    box = ImageChops.invert(page.image).point([0] * 64 + [255] * 192).getbbox()
    assert box is not None
    return box


def _box(word: Word) -> tuple[int, int, int, int]:
    return word.left, word.top, word.left + word.width, word.top + word.height


def test_words_are_those_of_the_page_in_lines() -> None:
    found = layer(Page(text(LINES)))

    assert [word.text for word in found.words] == " ".join(LINES).split()
    assert {word.source for word in found.words} == {WordSource.TEXT}
    assert [word.line for word in found.words] == [n for n, line in enumerate(LINES, 1) for _ in line.split()]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [b"", b"/CropBox [40 300 500 830]"])
@pytest.mark.parametrize("dpi", [72, 300])
def test_a_words_box_is_that_of_its_ink_however_the_page_is_turned_and_cropped(
    turn: int, crop: bytes, dpi: int
) -> None:
    pages = opened(
        Page(text(["Hamburg"], 100, 700, size=40), b"/Rotate %d %s" % (turn, crop)), bounds=limits(render_dpi=dpi)
    )

    found, drawn = pages.layer(1), pages.render(1)

    assert (found.width, found.height, found.dpi) == (*drawn.image.size, drawn.dpi)
    (word,) = found.words
    assert _box(word) == pytest.approx(_ink(drawn), abs=max(2, dpi / 50))
    assert word.rotation == -turn % 360 == found.rotation


@pytest.mark.parametrize(("matrix", "rotation"), [("0 1 -1 0", 90), ("-1 0 0 -1", 180), ("0 -1 1 0", 270)])
def test_text_that_stands_otherwise_than_the_page_says_so(matrix: str, rotation: int) -> None:
    pages = opened(Page(text(LINES) + text(["Aside"], 300, 300, matrix=matrix)))

    found = pages.layer(1)

    (word,) = [word for word in found.words if word.text == "Aside"]
    assert word.rotation == rotation
    assert found.rotation == 0
    part = pages.draw(1, (word.left, word.top, word.left + word.width, word.top + word.height))
    assert ImageChops.invert(part.image).getbbox() == pytest.approx((0, 0, *part.image.size), abs=6)


def test_a_part_is_drawn_as_the_page_has_it() -> None:
    pages = opened(Page(text(LINES), b"/CropBox [30 200 560 800]"))

    whole, part = pages.render(1).image, pages.draw(1, (310.4, 140.0, 702.5, 420.2)).image

    assert part.size == (393, 281)
    assert ImageChops.difference(whole.crop((310, 140, 703, 421)), part).getextrema() == (0, 0)


def test_a_page_too_large_for_the_limits_has_the_size_that_it_would_be_drawn_at() -> None:
    pages = opened(Page(text(LINES), size=(2000, 2001)), bounds=limits(max_pixels=20_000_000))

    found, drawn = pages.layer(1), pages.render(1)

    assert (found.width, found.height, found.dpi) == (*drawn.image.size, drawn.dpi)
    assert found.dpi < 300


def test_a_hyphen_at_the_end_of_a_line_stays_as_it_is_printed() -> None:
    found = layer(Page(text(["They came to an agree-", "ment about the soft\xadhyphen"])))

    assert [word.text for word in found.words][4:] == ["agree-", "ment", "about", "the", "soft-hyphen"]


def test_words_off_the_page_are_left_out() -> None:
    found = layer(Page(text(LINES) + text(["Elsewhere"], 700, 300)))

    assert "Elsewhere" not in [word.text for word in found.words]
    assert found.verdict is Verdict.SOUND


def test_figures_of_neighbouring_columns_are_words_of_their_own() -> None:
    # Given two numbers that are closer than a space, and far apart for letters of one word
    found = layer(Page(text(["12"], 100, 700) + text(["34"], 100 + 2 * 6.2 + 4.5, 700)))

    assert [word.text for word in found.words] == ["12", "34"]


def test_what_is_written_into_a_form_is_read_with_the_page() -> None:
    body = text(["Filled in"], 2, 4)
    appearance = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /Sound 3 0 R >> >> /Length %d >>"
        b"\nstream\n%s\nendstream" % (len(body), body)
    )
    field = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (x) /F 4 /Rect [72 500 272 520] /AP << /N 21 0 R >> >>"
    page = Page(text(LINES), b"/Annots [20 0 R]")

    pages = opened(page, further=(field, appearance))

    assert [word.text for word in pages.layer(1).words][-2:] == ["Filled", "in"]
    assert pages.layer(1) == pages.layer(1)


def test_more_characters_than_a_page_can_have_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_text, "MAX_CHARACTERS", 100)

    found = layer(Page(text(LINES)))

    assert found.words == ()


def test_a_page_of_very_many_words_is_not_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_text, "MAX_WORDS", 10)

    found = layer(Page(text(LINES)))

    assert found.words == ()
    assert found.verdict is Verdict.CROWDED


def test_a_page_of_as_many_characters_as_a_book_is_not_taken_for_one() -> None:
    found = layer(Page(text(["abcdefghi " * 20] * 1000, size=0.1, leading=0.1)))

    assert found.verdict is Verdict.CROWDED
    assert found.words == ()

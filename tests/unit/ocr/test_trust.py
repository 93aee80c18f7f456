"""Layers that are sound, and what is wrong with those that are not: on pages made for it, and on the corpus."""

import os
from pathlib import Path

import pytest
from PIL import Image

from ocr_platform.ocr.pdf_objects import PageObjects
from ocr_platform.ocr.pdf_text import PageText
from ocr_platform.ocr.trust import Verdict, judge
from tests.data import texts
from tests.data.born_digital import Page, picture, text
from tests.data.pages import wrap
from tests.unit.ocr.pdfs import LINES, layer, opened
from tests.unit.ocr.support import limits

LONG = wrap(texts.LETTER[0])
SCAN = Image.new("L", (100, 140), 240)
ALL = picture("I1", 0, 0, 595, 842)
CORPUS = Path(os.environ.get("OCR_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")) / "pdf"


@pytest.mark.parametrize(
    ("page", "verdict"),
    [
        pytest.param(Page(text(LINES)), Verdict.SOUND, id="plain"),
        pytest.param(Page(text(["7", "12,400.00", "4-711"])), Verdict.SOUND, id="figures"),
        pytest.param(Page(text(LINES) + text(["\u2022"] * 2)), Verdict.SOUND, id="bullets"),
        pytest.param(Page(text(LINES) + text(["Ab"], font="Private")), Verdict.SOUND, id="a logo of a symbol font"),
        pytest.param(Page(ALL + text(LINES), images=[SCAN]), Verdict.SOUND, id="over a picture"),
        pytest.param(Page(text(LONG, font="Shuffled")), Verdict.STRANGE, id="letters mixed up"),
        pytest.param(Page(text(LONG, font="Private")), Verdict.UNMAPPED, id="private use"),
        pytest.param(Page(text(LONG, font="Nameless")), Verdict.UNMAPPED, id="no letters"),
        pytest.param(Page(text(LONG[:8]) + text(LONG[8:16], 72, 400, font="Nameless")), Verdict.UNMAPPED, id="half"),
        pytest.param(Page(ALL + text(LINES, mode=3), images=[SCAN]), Verdict.INVISIBLE, id="an earlier recognition"),
        pytest.param(Page(text(LINES, mode=3)), Verdict.INVISIBLE, id="invisible without a picture"),
        pytest.param(Page(text(LINES, mode=7)), Verdict.INVISIBLE, id="used to clip"),
        pytest.param(Page(text(LINES) + ALL, images=[SCAN]), Verdict.COVERED, id="below a picture"),
        pytest.param(Page(text(LINES, 700)), Verdict.BEYOND, id="off the page"),
        pytest.param(Page(ALL, images=[SCAN]), Verdict.EMPTY, id="a scan"),
        pytest.param(Page(b""), Verdict.EMPTY, id="nothing"),
        pytest.param(Page(text([" " * 8] * 5)), Verdict.EMPTY, id="spaces"),
        pytest.param(Page(text(["abcdefghij" * 7] * 3, size=4)), Verdict.STRANGE, id="no spaces"),
    ],
)
def test_a_layer_is_judged_by_what_can_be_wrong_with_it(page: Page, verdict: Verdict) -> None:
    assert layer(page).verdict is verdict


def test_no_share_of_nothing_is_too_much() -> None:
    assert judge(PageText(), PageObjects()) is Verdict.EMPTY


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("ocrmypdf__graph_ocred", Verdict.INVISIBLE),
        ("pikepdf__sandwich", Verdict.INVISIBLE),
        ("py-pdf-samples__habibi", Verdict.UNMAPPED),
        ("py-pdf-samples__multicolumn", Verdict.SOUND),
        ("pdfplumber__scotus-transcript-p1", Verdict.SOUND),
        ("unstructured__korean-text-with-tables", Verdict.SOUND),
        ("tika__testPDF_rotated", Verdict.SOUND),
        ("ocrmypdf__linn", Verdict.EMPTY),
    ],
)
def test_layers_of_the_corpus_are_judged_rightly(name: str, verdict: Verdict) -> None:
    from ocr_platform.ocr.pdf import PdfPages

    with (CORPUS / f"{name}.pdf").open("rb") as file:
        assert PdfPages(file, limits()).layer(1).verdict is verdict


def test_pictures_are_found_where_they_are() -> None:
    # Given a picture, a strip of another in two pieces, a rule that is drawn as a picture, and one within a form
    content = text(LINES) + picture("I1", 72, 500, 144, 72)
    content += picture("I1", 300, 500, 100, 30) + picture("I1", 300, 530, 100, 30) + picture("I1", 72, 400, 400, 1)

    found = opened(Page(content, images=[SCAN]), bounds=limits(render_dpi=72)).layer(1)

    assert [tuple(map(round, box)) for box in found.pictures] == [(72, 270, 216, 342), (300, 282, 400, 342)]
    assert not found.covering


def _curved(left: int) -> bytes:
    """A letter as it is drawn: ten points, some of them of a curve."""
    points = ((0, 0), (5, 1), (6, 9), (1, 8), (3, 7), (4, 6), (4, 3), (2, 2), (1, 1), (0, 0))
    x, y = [left + across for across, _ in points], [500 + up for _, up in points]
    lines = b" ".join(b"%d %d l" % place for place in zip(x[4:], y[4:], strict=True))
    return b"%d %d m %d %d %d %d %d %d c %s f\n" % (x[0], y[0], x[1], y[1], x[2], y[2], x[3], y[3], lines)


def test_letters_that_are_drawn_as_curves_are_a_picture() -> None:
    row = b"".join(_curved(72 + 8 * index) for index in range(45))

    assert len(layer(Page(text(LINES) + row)).pictures) == 1
    assert len(layer(Page(text(LINES) + _curved(72))).pictures) == 0  # a symbol
    assert len(layer(Page(text(LINES) + b"72 500 100 1 re f\n" * 100)).pictures) == 0  # rules


def test_a_page_that_is_mostly_picture_says_so() -> None:
    found = layer(Page(ALL + text(LINES), images=[SCAN]))

    assert found.covering
    assert found.words

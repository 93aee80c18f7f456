import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from ocr_platform.models import Word, WordSource
from tests.unit.sandbox.pdf.support import a_page, grafted, one_page, saved, text_of

WORD = Word("Hand", 100, 50, 80, 20, 90.0, 1, 1, 1)
OWN = Word("own", 100, 50, 80, 20, 90.0, 1, 1, 1, WordSource.TEXT)
FONTS = Dictionary(Font=Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)))
AT = b"BT /F 12 Tf 20 50 Td "


@pytest.mark.parametrize(
    "earlier",
    [
        b"3 Tr " + AT + b"(old) Tj ET",
        AT + b"3 Tr [(o) -20 (ld)] TJ ET",
        AT + b"3 Tr 12 TL (old) ' ET",
        AT + b'3 Tr 12 TL 0 0 (old) " ET',
        b"q 3 Tr " + AT + b"(old) Tj ET Q",
        AT + b"3 Tr (old) Tj ET 0 Tr",
    ],
)
def test_invisible_text_of_an_earlier_recogniser_is_replaced(earlier: bytes) -> None:
    body = one_page(earlier, Resources=FONTS)
    assert text_of(body).strip() == "old"

    assert text_of(grafted(body, a_page(WORD))).split() == ["Hand"]


@pytest.mark.parametrize(
    "visible",
    [
        AT + b"(old) Tj ET",
        b"q 3 Tr Q " + AT + b"(old) Tj ET",
        AT + b"2 Tr (old) Tj ET",
        b"3 Tr 0 Tr " + AT + b"(old) Tj ET",
        AT + b"3 Tr ( ) Tj 0 Tr (old) Tj ET",  # it stands behind what is not seen
        AT + b"13 Tr (old) Tj ET",
    ],
)
def test_text_that_can_be_seen_stays(visible: bytes) -> None:
    assert "old" in text_of(grafted(one_page(visible, Resources=FONTS), a_page(WORD)))


def test_invisible_text_that_was_trusted_stays() -> None:
    body = one_page(b"3 Tr " + AT + b"(old) Tj ET", Resources=FONTS)

    assert "old" in text_of(grafted(body, a_page(OWN, WORD)))


def _with_form(content: bytes, pages: int = 1) -> bytes:
    with pikepdf.Pdf.new() as pdf:
        form = pdf.make_stream(content, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 200, 100]))
        form.Resources = FONTS
        shared = pdf.make_indirect(Dictionary(XObject=Dictionary(T=form)))
        for _ in range(pages):
            page = Dictionary(Type=Name.Page, MediaBox=Array([0, 0, 200, 100]), Contents=pdf.make_stream(b"/T Do"))
            page.Resources = shared
            pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
        return saved(pdf)


def test_text_in_a_form_goes_from_this_page_and_stays_on_others_that_share_it() -> None:
    made = grafted(_with_form(b"3 Tr " + AT + b"(old) Tj ET", pages=2), a_page(WORD))

    assert text_of(made, 1).split() == ["Hand"]
    assert text_of(made, 2).split() == ["old"]


def test_form_that_draws_itself_ends() -> None:
    with pikepdf.Pdf.open(io.BytesIO(_with_form(b"3 Tr " + AT + b"(old) Tj ET /T Do"))) as pdf:
        form = pdf.pages[0].obj.Resources.XObject.T
        form.Resources = Dictionary(Font=FONTS.Font, XObject=Dictionary(T=form))
        body = saved(pdf)

    assert "Hand" in text_of(grafted(body, a_page(WORD)))


def test_what_else_the_page_draws_stays() -> None:
    content = b"q 1 0 0 RG 10 10 m 90 90 l S Q BI /W 1 /H 1 /BPC 8 /CS /G ID \x80 EI " + b"3 Tr " + AT + b"(old) Tj ET"

    with pikepdf.Pdf.open(io.BytesIO(grafted(one_page(content, Resources=FONTS), a_page(WORD)))) as made:
        left = made.pages[0].obj.Contents[1].read_bytes()

    assert b"10 10 m" in left
    assert b"ID\n\x80" in left
    assert b"old" not in left

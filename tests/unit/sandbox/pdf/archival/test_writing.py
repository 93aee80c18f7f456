import io
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pytest
from pikepdf import Array, Dictionary, Name, String

from ocr_platform.errors import PdfaRefused
from ocr_platform.models import PageResult, PdfLoss, PdfWay, Word
from tests.data.embedded import embedded_pdf, saved, with_everything
from tests.unit.sandbox.pdf.archival.support import PAGE, archived, verdict
from tests.unit.sandbox.pdf.support import a_page, text_of

DRAWN = (PdfWay.REDRAWN, PdfWay.DRAWN)
CMYK = 4


def _opened(body: bytes) -> pikepdf.Pdf:
    return pikepdf.Pdf.open(io.BytesIO(body))


@pytest.mark.parametrize("kind", ["truetype", "cff"])
def test_page_with_its_font_is_kept_and_gets_its_words(kind: str) -> None:
    made, lost = archived(embedded_pdf(kind), PAGE)

    assert verdict(made) == "pass"
    assert set(text_of(made).split()) == {"AAA", "Hand"}
    assert lost == []


def test_font_that_is_not_there_is_refused_and_its_page_can_be_drawn() -> None:
    body = embedded_pdf("none")

    with pytest.raises(PdfaRefused):
        archived(body, PAGE)
    for way in DRAWN:
        made, _ = archived(body, PAGE, way=way)
        assert verdict(made) == "pass"
        assert text_of(made).split() == ["Hand"]


@pytest.mark.parametrize("way", [PdfWay.GRAFTED, *DRAWN])
def test_same_document_and_words_give_the_same_bytes(way: PdfWay) -> None:
    assert archived(with_everything(), PAGE, PageResult(2, 400, 200, 144), way=way) == archived(
        with_everything(), PAGE, PageResult(2, 400, 200, 144), way=way
    )


@pytest.mark.parametrize(("kind", "way"), [("truetype", PdfWay.GRAFTED), ("none", PdfWay.REDRAWN)])
def test_what_must_not_be_there_goes_and_is_told_and_the_rest_stays(kind: str, way: PdfWay) -> None:
    made, lost = archived(with_everything(kind), PAGE, PageResult(2, 400, 200, 144), way=way)

    assert verdict(made) == "pass"
    assert set(lost) == {
        PdfLoss.ACTIONS,
        PdfLoss.ANNOTATIONS,
        PdfLoss.ATTACHMENTS,
        PdfLoss.EXTENSIONS,
        PdfLoss.FORMS,
        PdfLoss.METADATA,
        PdfLoss.SIGNATURES,
    }
    with _opened(made) as pdf:
        links = [each for each in pdf.pages[0].obj.Annots if "/A" in each]
        assert [str(link.A.URI) for link in links] == ["https://a.b"]
        assert pdf.pages[0].label == "i"
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == ["Second page"]
        assert str(pdf.docinfo["/Title"]) == "A form"
        assert list(pdf.attachments) == []
        assert "/AcroForm" not in pdf.Root


def test_what_a_field_shows_is_part_of_the_page() -> None:
    made, _ = archived(with_everything(), PAGE, PageResult(2, 400, 200, 144))

    with _opened(made) as pdf:
        forms = [each for each in pdf.pages[0].obj.Resources.XObject.values() if each.Subtype == Name.Form]
        assert [each.read_bytes() for each in forms] == [b"0 0 40 10 re f"]


@pytest.mark.parametrize("entries", [{"FT": Name.Tx, "V": b"Roe"}, {"FT": Name.Ch, "V": Array([b"Roe"])}])
def test_field_whose_value_a_viewer_has_to_draw_is_not_lost_from_the_page(entries: dict[str, Any]) -> None:
    with _opened(embedded_pdf()) as pdf:
        field = Dictionary(Subtype=Name.Widget, Rect=Array([60, 10, 100, 20]), T=b"name", **entries)
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(field)])
        pdf.Root.AcroForm = Dictionary(Fields=Array([pdf.pages[0].obj.Annots[0]]))
        body = saved(pdf)

    with pytest.raises(PdfaRefused):
        archived(body, PAGE)


def test_tags_stay_where_pages_do() -> None:
    with _opened(embedded_pdf()) as pdf:
        pdf.Root.MarkInfo = Dictionary(Marked=True)
        pdf.Root.StructTreeRoot = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=Array([])))
        body = saved(pdf)

    kept, lost = archived(body, PAGE)
    redrawn, told = archived(body, PAGE, way=PdfWay.REDRAWN)

    with _opened(kept) as pdf:
        assert "/StructTreeRoot" in pdf.Root
    assert lost == []
    with _opened(redrawn) as pdf:
        assert "/StructTreeRoot" not in pdf.Root
    assert told == [PdfLoss.TAGS]


@pytest.mark.parametrize("rotate", [0, 90, 270])
def test_redrawn_page_has_its_picture_and_words_where_they_were(rotate: int) -> None:
    body = embedded_pdf("none", Rotate=rotate, CropBox=Array([0, 0, 150, 100]))
    size = (200, 300) if rotate else (300, 200)
    word = Word("Hand", 60, 50, 80, 20, 90.0, 1, 1, 1)

    made, _ = archived(body, PageResult(1, *size, 144, word.text, (word,)), way=PdfWay.REDRAWN)

    before, after = (pdfium.PdfDocument(each)[0].render(scale=1).to_pil().convert("L") for each in (body, made))
    assert before.size == after.size
    differences = sum(abs(one - other) > 100 for one, other in zip(before.tobytes(), after.tobytes(), strict=True))
    assert differences < 0.01 * len(before.tobytes())
    assert min(after.tobytes()) < 100


def test_owners_password_and_a_later_version_are_no_hindrance() -> None:
    body = io.BytesIO()
    with _opened(embedded_pdf()) as pdf:
        pdf.save(body, encryption=pikepdf.Encryption(owner="o", user=""), force_version="2.0", static_id=True)

    made, _ = archived(body.getvalue(), PAGE)

    assert verdict(made) == "pass"
    with _opened(made) as pdf:
        assert not pdf.is_encrypted
        assert pdf.pdf_version == "1.7"


def test_colours_are_what_the_document_says_that_they_are() -> None:
    # A profile of inks by its header, which is all that anybody looks at
    profile = bytearray(132)
    profile[0:4] = len(profile).to_bytes(4, "big")
    profile[8] = 2
    profile[12:20], profile[36:40] = b"prtrCMYK", b"acsp"
    with _opened(embedded_pdf()) as pdf:
        pdf.pages[0].contents_add(b"0 0 0 1 k 0 0 5 5 re f")
        pdf.pages[0].contents_coalesce()
        without = saved(pdf)
        intent = Dictionary(S=Name("/GTS_PDFX"), OutputConditionIdentifier=String("Press"))
        intent.DestOutputProfile = pdf.make_stream(bytes(profile), N=CMYK)
        pdf.Root.OutputIntents = Array([intent])
        body = saved(pdf)

    with pytest.raises(PdfaRefused):
        archived(without, PAGE)
    made, _ = archived(body, PAGE)

    assert verdict(made) == "pass"
    with _opened(made) as pdf:
        (kept,) = pdf.Root.OutputIntents
        assert kept.DestOutputProfile.read_bytes() == bytes(profile)


def test_profile_that_is_none_gives_way_to_srgb() -> None:
    with _opened(embedded_pdf()) as pdf:
        pdf.Root.OutputIntents = Array([Dictionary(S=Name("/GTS_PDFA1"), DestOutputProfile=pdf.make_stream(b"?"))])
        body = saved(pdf)

    assert verdict(archived(body, PAGE)[0]) == "pass"


def test_every_character_at_every_width_is_approved() -> None:
    letters = [chr(code) for code in range(0x20, 0x3000) if chr(code).isprintable()] + [
        "\U00020000",
        "\U0001f600",
        "\ufffd",
    ]
    words = tuple(
        Word("".join(letters[at : at + 8]), at % 300, at // 300, 5 + at % 90, 12, 90.0, 1, 1, at // 50)
        for at in range(0, len(letters), 8)
    )

    made, _ = archived(embedded_pdf("none"), a_page(*words), way=PdfWay.REDRAWN)

    assert verdict(made) == "pass"


def test_page_that_failed_is_approved_too() -> None:
    made, _ = archived(embedded_pdf("none"), PageResult(1, error="page_memory"), way=PdfWay.REDRAWN)

    assert verdict(made) == "pass"


def test_other_programs_have_no_complaint(tmp_path: Path) -> None:
    for number, way in enumerate((PdfWay.GRAFTED, *DRAWN)):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(archived(with_everything(), PAGE, PageResult(2, 400, 200, 144), way=way)[0])
        with pikepdf.Pdf.open(path) as pdf:
            assert pdf.check_pdf_syntax() == []

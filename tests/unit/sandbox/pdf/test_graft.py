import io
from decimal import Decimal
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from ocr_platform.errors import DocumentDamaged, PasswordRequired
from ocr_platform.models import PageResult, Word, WordSource
from ocr_platform.sandbox.pdf.graft import Graft
from tests.unit.sandbox.pdf.support import a_page, found_in, grafted, one_page, saved, text_of, with_everything

WORD = Word("Hand", 100, 50, 80, 20, 90.0, 1, 1, 1)


def _near(box: tuple[int, ...], word: Word, most: int = 3) -> bool:
    """Whether a box has the word's sides, and its height as far as the letters go."""
    left, top, right, bottom = word.left, word.top, word.left + word.width, word.top + word.height
    tail = round(0.35 * min(word.width, word.height))
    return (
        all(abs(one - other) <= most + tail for one, other in zip(box, (left, top, right, bottom), strict=True))
        and box[0] <= left + most
        and box[1] <= top + most
        and box[2] >= right - most
        and box[3] >= bottom - most
    )


@pytest.mark.parametrize("rotate", [0, 90, 180, 270, -90, 450])
@pytest.mark.parametrize(
    "boxes",
    [
        {},
        {"MediaBox": Array([-50, 20, 150, 120])},
        {"MediaBox": Array([0, 0, 600, 600]), "CropBox": Array([100, 200, 300, 300])},
        {"MediaBox": Array([200, 100, 0, 0])},
        {"CropBox": Array([-100, -100, 900, 900])},
        {"UserUnit": Decimal("2.5")},
    ],
)
def test_word_is_found_where_it_stands_however_the_page_is_cut_and_turned(rotate: int, boxes: dict[str, Any]) -> None:
    body = one_page(Rotate=rotate, **boxes)
    width, height = (200, 400) if rotate % 180 else (400, 200)
    word = WORD if width > height else Word("Hand", 50, 100, 80, 20, 90.0, 1, 1, 1)

    made = grafted(body, a_page(word, width=width, height=height))

    (found,) = found_in(made, width, height)
    assert found.text == "Hand"
    assert _near(found.box, word), found


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_word_that_stands_otherwise_than_its_page_is_found_where_it_stands(rotation: int) -> None:
    sides = (100, 50, 20, 80) if rotation % 180 else (100, 50, 80, 20)
    word = Word("HanH", *sides, 90.0, 1, 1, 1, rotation=rotation)

    (found,) = found_in(grafted(one_page(), a_page(word)), 400, 200)

    assert _near(found.box, word), found


@pytest.mark.parametrize("text", ["Grüße", "Ωμέγα", "Привет", "漢字", "한국어", "हिन्दी", "\U00020000\U0001f600"])
def test_word_of_any_script_is_found_with_its_characters(text: str) -> None:
    word = Word(text, 100, 50, 80, 20, 90.0, 1, 1, 1)

    assert text_of(grafted(one_page(), a_page(word))).strip() == text


@pytest.mark.parametrize("text", ["שלום עולם", "سلام عليكم"])
def test_script_from_the_right_is_read_in_the_order_in_which_it_is_written(text: str) -> None:
    first, second = text.split()
    words = Word(first, 200, 50, 80, 20, 90.0, 1, 1, 1), Word(second, 100, 50, 80, 20, 90.0, 1, 1, 1)

    assert text_of(grafted(one_page(), a_page(*words))).strip() == text


def test_words_without_a_space_between_them_are_read_without_one() -> None:
    words = Word("漢", 100, 50, 20, 20, 90.0, 1, 1, 1), Word("字", 120, 50, 20, 20, 90.0, 1, 1, 1)

    assert text_of(grafted(one_page(), a_page(*words, text="漢字"))).strip() == "漢字"


def test_words_that_touch_are_parted_where_the_text_parts_them() -> None:
    words = Word("one", 100, 50, 60, 20, 90.0, 1, 1, 1), Word("two", 160, 50, 60, 20, 90.0, 1, 1, 1)

    assert text_of(grafted(one_page(), a_page(*words))).split() == ["one", "two"]


def test_everything_else_stays_as_it_was() -> None:
    before = with_everything()

    after = pikepdf.Pdf.open(io.BytesIO(grafted(before, a_page(WORD), a_page(WORD, number=2))))

    was = pikepdf.Pdf.open(io.BytesIO(before))
    assert after.check_pdf_syntax() == []
    for key in ("/AcroForm", "/Outlines", "/MarkInfo", "/StructTreeRoot", "/PageLabels", "/Names"):
        assert after.Root[key].to_json(dereference=False) is not None
        assert set(after.Root[key].keys()) == set(was.Root[key].keys())
    assert str(after.pages[0].obj.Annots[0].A.URI) == "https://example.org/"
    assert str(after.Root.AcroForm.Fields[0].V) == "Roe"
    assert after.Root.AcroForm.Fields[0].P.objgen == after.pages[0].obj.objgen
    with after.open_outline() as outline:
        assert [item.title for item in outline.root] == ["Second page"]
    assert dict(after.docinfo.items()) == dict(was.docinfo.items())
    assert after.Root.Metadata.read_bytes() == was.Root.Metadata.read_bytes()
    assert after.attachments["note.txt"].get_file().read_bytes() == b"attached"
    assert "Hand" in text_of(grafted(before, a_page(WORD)))


def test_pictures_stay_as_they_are_stored() -> None:
    with pikepdf.Pdf.open(io.BytesIO(one_page(b"q 200 0 0 100 0 0 cm /I Do Q"))) as pdf:
        image = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=8)
        image.ColorSpace = Name.DeviceGray
        image.write(b"not really JPEG", filter=Name.DCTDecode)
        pdf.pages[0].obj.Resources.XObject = Dictionary(I=image)
        body = saved(pdf)

    with pikepdf.Pdf.open(io.BytesIO(grafted(body, a_page(WORD)))) as after:
        assert after.pages[0].obj.Resources.XObject.I.read_raw_bytes() == b"not really JPEG"
        assert after.pages[0].obj.Resources.XObject.I.Filter == Name.DCTDecode


def test_words_of_the_documents_own_text_get_no_second_layer() -> None:
    own = Word("Hand", 100, 50, 80, 20, 100.0, 1, 1, 1, WordSource.TEXT)
    second = Word("Foot", 200, 50, 80, 20, 100.0, 1, 1, 1, WordSource.SECOND)

    assert found_in(grafted(one_page(), a_page(own)), 400, 200) == []
    assert [found.text for found in found_in(grafted(one_page(), a_page(own, second)), 400, 200)] == ["Foot"]


def test_pages_that_failed_stay_as_they_were_and_others_are_grafted() -> None:
    with pikepdf.Pdf.new() as pdf:
        for _ in range(2):
            pdf.add_blank_page(page_size=(200, 100))
        body = saved(pdf)

    made = grafted(body, PageResult(1, error="page_damaged"), a_page(WORD, number=2))

    assert text_of(made, 1) == ""
    assert text_of(made, 2).strip() == "Hand"


def test_pages_that_share_resources_do_not_get_each_others_fonts_by_accident() -> None:
    with pikepdf.Pdf.new() as pdf:
        for _ in range(2):
            pdf.add_blank_page(page_size=(200, 100))
        shared = pdf.make_indirect(Dictionary(Font=Dictionary(OcrPlatformText=Dictionary(Type=Name.Font))))
        for page in pdf.pages:
            page.obj.Resources = shared
        body = saved(pdf)

    made = grafted(body, a_page(WORD))

    assert text_of(made, 1).strip() == "Hand"
    with pikepdf.Pdf.open(io.BytesIO(made)) as after:
        assert list(after.pages[1].obj.Resources.Font.keys()) == ["/OcrPlatformText"]


def test_document_that_was_made_searchable_before_can_be_again() -> None:
    once = grafted(one_page(), a_page(WORD))

    twice = grafted(once, a_page(Word("Foot", 100, 50, 80, 20, 90.0, 1, 1, 1)))

    assert text_of(twice).split() == ["Foot"]


def test_same_document_and_pages_give_the_same_bytes() -> None:
    assert grafted(with_everything(), a_page(WORD)) == grafted(with_everything(), a_page(WORD))


def test_document_with_an_owners_password_comes_out_open() -> None:
    with pikepdf.Pdf.open(io.BytesIO(one_page())) as pdf:
        body = saved(pdf, encryption=pikepdf.Encryption(owner="secret", user="", R=6))

    with pikepdf.Pdf.open(io.BytesIO(grafted(body, a_page(WORD)))) as after:
        assert not after.is_encrypted
        assert after.check_pdf_syntax() == []


def test_document_with_a_users_password_is_refused_without_it() -> None:
    with pikepdf.Pdf.open(io.BytesIO(one_page())) as pdf:
        body = saved(pdf, encryption=pikepdf.Encryption(owner="secret", user="word", R=6))

    with pytest.raises(PasswordRequired):
        Graft(io.BytesIO(body))
    Graft(io.BytesIO(body), "word")


@pytest.mark.parametrize("body", [b"", b"%PDF-1.7\n", b"%PDF-1.7\ntrailer << /Root 1 0 R >>\n%%EOF"])
def test_what_has_no_structure_is_damaged(body: bytes) -> None:
    with pytest.raises(DocumentDamaged):
        grafted(body, a_page(WORD))


@pytest.mark.parametrize("resources", [Array([1]), Name.Nothing, 5])
def test_resources_that_are_none_are_replaced(resources: Any) -> None:
    assert text_of(grafted(one_page(Resources=resources), a_page(WORD))).strip() == "Hand"

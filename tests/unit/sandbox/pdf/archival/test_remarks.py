import io
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from ocr_platform.errors import PdfaRefused
from ocr_platform.models import PdfLoss
from ocr_platform.sandbox.pdf.archival.remarks import annotations, merge_remarks
from tests.data.embedded import embedded_pdf

_HIDDEN, _PRINT = 2, 4


def _with(*items: dict[str, Any]) -> pikepdf.Pdf:
    """A page with annotations; `look` is what one shows."""
    pdf = pikepdf.Pdf.open(io.BytesIO(embedded_pdf()))
    made = []
    for entries in items:
        item = Dictionary(Type=Name.Annot, Rect=Array([60, 10, 100, 20]))
        for key, value in entries.items():
            if key == "look":
                look = pdf.make_stream(value, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 40, 10]))
                item.AP = Dictionary(N=look)
            else:
                item[f"/{key}"] = value
        made.append(pdf.make_indirect(item))
    pdf.pages[0].obj.Annots = Array(made)
    return pdf


def _left(pdf: pikepdf.Pdf) -> list[str]:
    return [str(item.Subtype) for item in annotations(pdf.pages[0])]


def _shown(pdf: pikepdf.Pdf) -> list[bytes]:
    forms: Any = pdf.pages[0].obj.Resources.get("/XObject", Dictionary())
    return [form.read_bytes() for form in forms.values()]


@pytest.mark.parametrize(
    ("subtype", "lost"),
    [
        (Name.Widget, PdfLoss.FORMS),
        (Name.FreeText, PdfLoss.ANNOTATIONS),
        (Name.Watermark, PdfLoss.ANNOTATIONS),
        (Name.FileAttachment, PdfLoss.ATTACHMENTS),
    ],
)
def test_what_a_remark_that_cannot_stay_shows_becomes_part_of_the_page(subtype: Name, lost: PdfLoss) -> None:
    pdf = _with({"Subtype": subtype, "look": b"0 0 9 9 re f", "F": _PRINT}, {"Subtype": Name.Link})

    assert merge_remarks(pdf) == {lost}

    assert _left(pdf) == ["/Link"]
    assert _shown(pdf) == [b"0 0 9 9 re f"]


def test_hidden_remark_does_not_come_to_light() -> None:
    pdf = _with({"Subtype": Name.FreeText, "look": b"0 0 9 9 re f", "F": _HIDDEN})

    assert merge_remarks(pdf) == {PdfLoss.ANNOTATIONS}

    assert _left(pdf) == []
    assert _shown(pdf) == []


def test_remarks_that_can_stay_do() -> None:
    pdf = _with({"Subtype": Name.Highlight, "look": b"0 0 9 9 re f"}, {"Subtype": Name.Text}, {"Subtype": Name.Link})

    assert merge_remarks(pdf) == set()

    assert _left(pdf) == ["/Highlight", "/Text", "/Link"]


@pytest.mark.parametrize(
    "entries",
    [
        {"Subtype": Name.FreeText, "Contents": b"seen"},
        {"Subtype": Name.Widget, "FT": Name.Tx, "V": b"Roe"},
        {"Subtype": Name.Widget, "Parent": Dictionary(FT=Name.Tx, V=b"Roe")},
    ],
)
def test_what_only_a_viewer_could_draw_is_not_lost_from_the_page(entries: dict[str, Any]) -> None:
    with pytest.raises(PdfaRefused):
        merge_remarks(_with(entries))


@pytest.mark.parametrize(
    "entries",
    [
        {"Subtype": Name.Widget, "FT": Name.Tx},
        {"Subtype": Name.Widget, "FT": Name.Tx, "V": b""},
        {"Subtype": Name.Widget, "FT": Name.Btn},
        {"Subtype": Name.Widget, "FT": Name.Tx, "V": b"Roe", "F": _HIDDEN},
    ],
)
def test_field_that_shows_nothing_goes(entries: dict[str, Any]) -> None:
    pdf = _with(entries)

    assert merge_remarks(pdf) == {PdfLoss.FORMS}

    assert _left(pdf) == []


def test_field_within_itself_ends() -> None:
    pdf = _with({"Subtype": Name.Widget})
    item = pdf.pages[0].obj.Annots[0]
    item.Parent = item

    assert merge_remarks(pdf) == {PdfLoss.FORMS}

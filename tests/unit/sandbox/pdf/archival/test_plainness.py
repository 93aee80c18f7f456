import io
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from ocr_platform.sandbox.pdf.archival.plainness import say_it_plainly
from tests.data.embedded import embedded_pdf, saved
from tests.unit.sandbox.pdf.archival.support import PAGE, archived, verdict


def _labels_by_reference(pdf: pikepdf.Pdf) -> None:
    kid = pdf.make_indirect(Dictionary(Nums=Array([0, pdf.make_indirect(Dictionary(S=Name.r))]), Limits=Array([0, 0])))
    pdf.Root.PageLabels = Dictionary(Kids=Array([kid]))


def _entry_among_resources(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Resources["/Encoding"] = Dictionary(PDFDocEncoding=Name.WinAnsiEncoding)


def _entry_in_the_page_tree(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Pages["/ITXT"] = b"2.1"


def _panel_of_attachments(pdf: pikepdf.Pdf) -> None:
    pdf.Root.PageMode = Name.UseAttachments


def _checksum(pdf: pikepdf.Pdf) -> None:
    pdf.trailer["/DocChecksum"] = Name("/00")


@pytest.mark.parametrize(
    "said", [_labels_by_reference, _entry_among_resources, _entry_in_the_page_tree, _panel_of_attachments, _checksum]
)
def test_what_is_said_roundabout_is_no_hindrance_and_nothing_is_lost(said: Callable[[pikepdf.Pdf], None]) -> None:
    with pikepdf.Pdf.open(io.BytesIO(embedded_pdf())) as pdf:
        said(pdf)
        body = saved(pdf)

    made, lost = archived(body, PAGE)

    assert verdict(made) == "pass"
    assert lost == []


def test_mask_that_is_among_the_pictures_of_its_page_is_no_hindrance() -> None:
    with pikepdf.Pdf.open(io.BytesIO(embedded_pdf())) as pdf:
        image = {"Type": Name.XObject, "Subtype": Name.Image, "Width": 8, "Height": 8}
        mask = pdf.make_stream(bytes(range(8)), BitsPerComponent=1, ImageMask=True, **image)
        pictures = {
            f"/I{number}": pdf.make_stream(
                bytes(64), BitsPerComponent=8, ColorSpace=Name.DeviceGray, Mask=mask, **image
            )
            for number in range(2)
        }
        pdf.pages[0].obj.Resources.XObject = Dictionary({"/M": mask, **pictures})
        pdf.pages[0].contents_add(b"q 50 0 0 50 0 0 cm /M Do /I0 Do /I1 Do Q")
        body = saved(pdf)

    made, lost = archived(body, PAGE)

    assert verdict(made) == "pass"
    assert lost == []
    with pikepdf.Pdf.open(io.BytesIO(made)) as pdf:
        there = pdf.pages[0].obj.Resources.XObject
        assert there.I0.Mask.objgen == there.I1.Mask.objgen != there.M.objgen
        assert there.I0.Mask.read_bytes() == there.M.read_bytes() == bytes(range(8))


def test_labels_are_the_same() -> None:
    with pikepdf.Pdf.open(io.BytesIO(embedded_pdf())) as pdf:
        _labels_by_reference(pdf)
        say_it_plainly(pdf)

        assert pdf.pages[0].label == "i"


def test_cid_font_gets_the_map_that_is_meant_where_there_is_none() -> None:
    with pikepdf.Pdf.new() as pdf:
        font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.CIDFontType2))
        pdf.Root.Fonts = Array([font])
        say_it_plainly(pdf)

        assert font.CIDToGIDMap == Name.Identity


def test_tree_of_labels_that_leads_back_to_itself_ends() -> None:
    with pikepdf.Pdf.open(io.BytesIO(embedded_pdf())) as pdf:
        node = pdf.make_indirect(Dictionary())
        node.Kids = Array([node])
        pdf.Root.PageLabels = node

        say_it_plainly(pdf)

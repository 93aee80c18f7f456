"""PDF/A made of pages of our own, before the doors close: libraries read their tables when these are first needed."""

import io
from importlib import import_module

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

from ocr_platform.errors import PdfaRefused
from ocr_platform.models import DocumentFormat, PdfWay
from ocr_platform.ocr.limits import Limits
from ocr_platform.sandbox.pdf.archival.writing import srgb
from ocr_platform.sandbox.pdf.warming import SIDE, make_sample

# What fontTools imports when a font has such a table, of those that the validator looks at.
_TABLES = ("C_F_F_", "C_F_F__2", "O_S_2f_2", "_c_m_a_p", "_g_l_y_f", "_h_e_a_d", "_h_h_e_a", "_h_m_t_x", "_l_o_c_a")
_MORE_TABLES = ("_m_a_x_p", "_n_a_m_e", "_p_o_s_t", "_v_h_e_a", "_v_m_t_x", "DefaultTable", "otBase", "otConverters")
_OTHERS = ("fontTools.t1Lib", "fontTools.ttLib.standardGlyphOrder", "fontTools.encodings.codecs", "fontTools.unicode")


def warm_up_pdfa(limits: Limits) -> None:
    """Make PDF/A in every way. Raises ImportError without the libraries that this takes."""
    for name in (*_TABLES, *_MORE_TABLES):
        import_module(f"fontTools.ttLib.tables.{name}")
    for name in _OTHERS:
        import_module(name)
    srgb()
    body = _page_with_everything()
    for way in (PdfWay.GRAFTED, PdfWay.REDRAWN, PdfWay.DRAWN):
        make_sample(way, body, DocumentFormat.PDF, limits, archival=True)
    for way in (PdfWay.WRAPPED, PdfWay.DRAWN):
        picture = io.BytesIO()
        Image.new("CMYK", (SIDE, SIDE)).save(picture, "TIFF")
        try:
            make_sample(way, picture.getvalue(), DocumentFormat.TIFF, limits, archival=True)
        except PdfaRefused:  # inks without a profile: as it is to be
            continue


def _page_with_everything() -> bytes:
    """A page of our own with what documents have: dates, properties, a form, a link, a remark."""
    body = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page(page_size=(SIDE, SIDE))
        page = pdf.pages[0]
        page.Contents = pdf.make_stream(b"0 0 1 rg 0 0 9 9 re f BT 3 Tr ET")
        look = pdf.make_stream(b"0 g", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
        area = Array([0, 0, 9, 9])
        target = Dictionary(S=Name.URI, URI=b"https://example.org")
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=area, A=target)
        field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=area, FT=Name.Btn, T=b"a", AP=Dictionary(N=look))
        hidden = Dictionary(Type=Name.Annot, Subtype=Name.Square, Rect=area, F=2)
        page.obj.Annots = Array([pdf.make_indirect(each) for each in (link, field, hidden)])
        pdf.Root.AcroForm = Dictionary(Fields=Array([page.obj.Annots[1]]), NeedAppearances=True)
        pdf.docinfo["/Title"] = "Sample"
        pdf.docinfo["/CreationDate"] = "D:20200101000000"
        with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
            metadata["dc:creator"] = ["Sample"]
            metadata["photoshop:City"] = "Sample"
            metadata["xmp:ModifyDate"] = "2020-01-01T00:00:00"
        pdf.save(body)
    return body.getvalue()

"""PDFs that bring their font along, and what must not be in PDF/A: the font has one letter, a square."""

import io
from typing import Any

import pikepdf
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, String

LETTER = "A"
_NAME = "Squares"
_WIDTH = 600
_GLYPHS = [".notdef", "space", LETTER]
_OUTLINE = ((50, 0), (50, 500), (550, 500), (550, 0))
_FIRST, _LAST = ord(" "), ord(LETTER)


def embedded_pdf(kind: str = "truetype", text: str = "AAA", pages: int = 1, **attributes: Any) -> bytes:
    """Pages of 200 by 100 points with a line of text in a font of a kind: `truetype`, `cff`, or `none` without one."""
    with pikepdf.Pdf.new() as pdf:
        font = pdf.make_indirect(_font(pdf, kind))
        for _ in range(pages):
            leaf = Dictionary(
                Type=Name.Page,
                MediaBox=Array([0, 0, 200, 100]),
                Resources=Dictionary(Font=Dictionary(F=font)),
                Contents=pdf.make_stream(f"BT /F 20 Tf 20 60 Td ({text}) Tj ET".encode("ascii")),
                **attributes,
            )
            pdf.pages.append(pikepdf.Page(pdf.make_indirect(leaf)))
        return saved(pdf)


def saved(pdf: pikepdf.Pdf) -> bytes:
    """The bytes of a document, always the same."""
    file = io.BytesIO()
    pdf.save(file, static_id=True)
    return file.getvalue()


def with_everything(kind: str = "truetype") -> bytes:
    """Two pages with whatever PDF/A does not have, beside a link, an outline and page labels, which it has."""
    with pikepdf.Pdf.open(io.BytesIO(embedded_pdf(kind, pages=2))) as pdf:
        page, look = pdf.pages[0].obj, Array([60, 10, 100, 20])
        shown = pdf.make_stream(b"0 0 40 10 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 40, 10]))
        script = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
        link = Dictionary(Subtype=Name.Link, Rect=Array([10, 10, 50, 20]), A=Dictionary(S=Name.URI, URI=b"https://a.b"))
        launch = Dictionary(Subtype=Name.Link, Rect=look, A=Dictionary(S=Name.Launch, F=String("program")))
        field = Dictionary(Subtype=Name.Widget, Rect=look, FT=Name.Tx, T=b"name", V=b"Roe", AP=Dictionary(N=shown))
        signature = Dictionary(
            Subtype=Name.Widget, Rect=Array([0] * 4), FT=Name.Sig, T=b"s", V=Dictionary(Type=Name.Sig)
        )
        film = Dictionary(Subtype=Name.Movie, Rect=look, Movie=Dictionary())
        page.Annots = Array([pdf.make_indirect(each) for each in (link, launch, field, signature, film)])
        page.AA = Dictionary(O=script)
        page.PieceInfo = Dictionary(Program=Dictionary(Private=1))
        pdf.Root.OpenAction = script
        pdf.Root.AcroForm = Dictionary(Fields=Array([page.Annots[2], page.Annots[3]]), DA=String("/Helv 0 Tf 0 g"))
        pdf.Root.PageLabels = Dictionary(Nums=Array([0, pdf.make_indirect(Dictionary(S=Name.r))]))
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Second page", 1))
        pdf.docinfo["/Title"] = "A form"
        pdf.docinfo["/CreationDate"] = "D:20200101000000"
        with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
            metadata["pdfuaid:part"] = "1"
        pdf.attachments["note.txt"] = b"attached"
        pdf.trailer["/DocChecksum"] = Name("/00")
        return saved(pdf)


def _font(pdf: pikepdf.Pdf, kind: str) -> Dictionary:
    if kind == "none":
        return Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    truetype = kind == "truetype"
    program = _program(truetype=truetype)
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/" + _NAME),
        Flags=32,  # letters of Latin text
        FontBBox=Array([0, 0, _WIDTH, 500]),
        ItalicAngle=0,
        Ascent=800,
        Descent=-200,
        CapHeight=500,
        StemV=80,
    )
    if truetype:
        descriptor.FontFile2 = pdf.make_stream(program, Length1=len(program))
    else:
        descriptor.FontFile3 = pdf.make_stream(program, Subtype=Name.Type1C)
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.TrueType if truetype else Name.Type1,
        BaseFont=Name("/" + _NAME),
        FirstChar=_FIRST,
        LastChar=_LAST,
        Widths=Array([_WIDTH] * (_LAST - _FIRST + 1)),
        Encoding=Name.WinAnsiEncoding,
        FontDescriptor=pdf.make_indirect(descriptor),
    )


def _program(*, truetype: bool) -> bytes:
    builder = FontBuilder(1000, isTTF=truetype)
    builder.setupGlyphOrder(_GLYPHS)
    builder.setupCharacterMap({ord(" "): "space", ord(LETTER): LETTER})
    if truetype:
        builder.setupGlyf({name: _drawn(TTGlyphPen(None), name).glyph() for name in _GLYPHS})
    else:
        strings = {name: _drawn(T2CharStringPen(_WIDTH, None), name).getCharString() for name in _GLYPHS}
        builder.setupCFF(_NAME, {}, strings, {})
    builder.setupHorizontalMetrics(dict.fromkeys(_GLYPHS, (_WIDTH, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": _NAME, "styleName": "Regular", "psName": _NAME})
    builder.setupOS2()
    builder.setupPost()
    font: TTFont = builder.font
    font["head"].created = font["head"].modified = 3_600_000_000  # a date, always the same
    font.recalcTimestamp = False
    file = io.BytesIO()
    font.save(file)
    if truetype:
        return file.getvalue()
    table: bytes = TTFont(file).getTableData("CFF ")
    return table


def _drawn(pen: Any, name: str) -> Any:
    if name == LETTER:
        pen.moveTo(_OUTLINE[0])
        for point in _OUTLINE[1:]:
            pen.lineTo(point)
        pen.closePath()
    return pen

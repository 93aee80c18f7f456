"""The font of the text layer as objects of a PDF, one set a document."""

import pikepdf
from pikepdf import Array, Dictionary, Name

from ocr_platform.outputs.pdf.codes import Codes
from ocr_platform.outputs.pdf.font import ASCENT, DESCENT, NAME, USUAL, WIDTHS, font_program

_SYMBOLIC = 4  # of the flags of a font descriptor (ISO 32000-1, table 123)
_RESOURCE = "OcrPlatformText"


class Typeface:
    """A font that pages can refer to before it is known which characters it will have."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._font = pdf.make_indirect(Dictionary(Type=Name.Font))
        self.codes = Codes()

    def name_in(self, resources: pikepdf.Object) -> str:
        """Add the font to a page's resources, unless it is there; the name that it has in them."""
        fonts = resources.get("/Font")
        if not isinstance(fonts, Dictionary):
            fonts = resources["/Font"] = Dictionary()
            fonts = resources["/Font"]
        number, name = 0, _RESOURCE
        while f"/{name}" in fonts and fonts[f"/{name}"].objgen != self._font.objgen:
            number += 1
            name = f"{_RESOURCE}{number}"
        fonts[f"/{name}"] = self._font
        return name

    def finish(self) -> None:
        """Write the font with the characters that were used."""
        pdf, base = self._pdf, Name("/" + NAME)
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=base,
            Flags=_SYMBOLIC,
            FontBBox=Array([0, DESCENT, WIDTHS[-1], ASCENT]),
            ItalicAngle=0,
            Ascent=ASCENT,
            Descent=DESCENT,
            CapHeight=ASCENT,
            StemV=80,
            FontFile2=pdf.make_stream(font_program(), Length1=len(font_program())),
        )
        used = self.codes.widths()
        glyphs = bytes(2) + b"".join((index + 1).to_bytes(2, "big") for index in used)
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=base,
            CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
            DW=WIDTHS[USUAL],
            W=Array([1, Array([WIDTHS[index] for index in used])]),
            CIDToGIDMap=pdf.make_stream(glyphs),
        )
        self._font.Subtype = Name.Type0
        self._font.BaseFont = base
        self._font.Encoding = Name("/Identity-H")
        self._font.DescendantFonts = Array([pdf.make_indirect(descendant)])
        self._font.ToUnicode = pdf.make_stream(self.codes.to_unicode())

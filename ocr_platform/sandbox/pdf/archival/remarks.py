"""Form fields and remarks that PDF/A, or its validator, does not have: what they show becomes part of the page."""

from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from ocr_platform.errors import PdfaRefused
from ocr_platform.models import PdfLoss

# Those that the validator knows (ISO 32000-1, table 169).
_STAY = frozenset(
    [
        "/Text",
        "/Link",
        "/Line",
        "/Square",
        "/Circle",
        "/Polygon",
        "/PolyLine",
        "/Highlight",
        "/Underline",
        "/Squiggly",
        "/StrikeOut",
        "/Stamp",
        "/Caret",
        "/Ink",
        "/Popup",
    ]
)
_UNSEEN = 1 | 2 | 32  # invisible, hidden, not to be viewed: of the flags of an annotation (table 165)
_DEEPEST = 32  # of fields within fields


def merge_remarks(pdf: pikepdf.Pdf) -> set[PdfLoss]:
    """Make what is shown of fields, and of remarks that cannot stay, part of their pages; what was lost.

    Raises PdfaRefused for a field whose value a viewer would have to draw: it must not be lost from the page.
    """
    form: Any = pdf.Root.get("/AcroForm")
    wanted: Any = form.get("/NeedAppearances") if isinstance(form, Dictionary) else None
    if wanted is True:
        pdf.generate_appearance_streams()
    lost: set[PdfLoss] = set()
    staying: list[list[pikepdf.Object]] = []
    for page in pdf.pages:
        there = annotations(page)
        going = [item for item in there if str(item.get("/Subtype", "")) not in _STAY]
        staying.append([item for item in there if str(item.get("/Subtype", "")) in _STAY])
        for item in going:
            lost |= lost_with(item)
        _put(page, going)
    if lost:
        pdf.flatten_annotations("screen")
    for page, items in zip(pdf.pages, staying, strict=True):
        for left in annotations(page):
            _require_nothing_seen(left)
        _put(page, items)
    return lost


def annotations(page: pikepdf.Page) -> list[pikepdf.Object]:
    """A page's annotations; what is none is left out."""
    found: Any = page.obj.get("/Annots")
    return [item for item in found if isinstance(item, Dictionary)] if isinstance(found, Array) else []


def _put(page: pikepdf.Page, items: list[pikepdf.Object]) -> None:
    if items:
        page.obj["/Annots"] = Array(items)
    elif "/Annots" in page.obj:
        del page.obj["/Annots"]


def lost_with(item: pikepdf.Object) -> set[PdfLoss]:
    """What is lost when an annotation is taken out."""
    match str(item.get("/Subtype", "")):
        case "/FileAttachment":
            return {PdfLoss.ATTACHMENTS}
        case "/Widget":
            signed = _inherited(item, "/FT") == Name.Sig and _inherited(item, "/V") is not None
            return {PdfLoss.FORMS, PdfLoss.SIGNATURES} if signed else {PdfLoss.FORMS}
    return {PdfLoss.ANNOTATIONS}


def _require_nothing_seen(item: pikepdf.Object) -> None:
    """Raise PdfaRefused when an annotation has no appearance and a viewer would draw one."""
    flags: Any = item.get("/F", 0)
    if isinstance(flags, int) and flags & _UNSEEN:
        return
    kind = str(item.get("/Subtype", ""))
    if kind == "/FreeText":
        raise PdfaRefused
    value = _inherited(item, "/V")
    if kind == "/Widget" and _inherited(item, "/FT") in (Name.Tx, Name.Ch) and value is not None and str(value):
        raise PdfaRefused


def _inherited(item: pikepdf.Object, key: str) -> Any:
    """An entry of a field, or of one that it is within."""
    at: Any = item
    for _ in range(_DEEPEST):
        if not isinstance(at, Dictionary):
            return None
        if key in at:
            return at[key]
        at = at.get("/Parent")
    return None

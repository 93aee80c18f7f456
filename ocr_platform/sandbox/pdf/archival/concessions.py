"""What a document must not have as PDF/A, or has where nobody sees it: taken out, and told.

What is seen on a page stays, or the document is not kept: a page is never changed to please a validator. Keys are those
of ISO 32000-1; those that are kept are on the allowlist of pikepdf's validator.
"""

from collections.abc import Container, Iterable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from ocr_platform.models import PdfLoss
from ocr_platform.sandbox.pdf.archival.remarks import merge_remarks

_TRAILER = frozenset(
    [
        "/Root",
        "/Info",
        "/ID",
        "/Size",
        "/Prev",
        "/Type",
        "/W",
        "/Index",
        "/Filter",
        "/DecodeParms",
        "/Length",
        "/Encrypt",
        "/XRefStm",
    ]
)
# Optional content is kept: what it hides and shows is seen, and the validator says no to it.
_CATALOG = frozenset(
    [
        "/Type",
        "/Pages",
        "/Metadata",
        "/OutputIntents",
        "/Version",
        "/Lang",
        "/MarkInfo",
        "/StructTreeRoot",
        "/PageMode",
        "/PageLayout",
        "/ViewerPreferences",
        "/Outlines",
        "/PageLabels",
        "/OCProperties",
        "/Names",
        "/Dests",
        "/Extensions",
    ]
)
_PAGE = frozenset(
    [
        "/Type",
        "/Parent",
        "/Contents",
        "/Resources",
        "/MediaBox",
        "/CropBox",
        "/BleedBox",
        "/TrimBox",
        "/ArtBox",
        "/Rotate",
        "/Annots",
        "/Group",
        "/Metadata",
        "/UserUnit",
        "/StructParents",
        "/Tabs",
        "/LastModified",
    ]
)
_NAMES = frozenset({"/Dests", "/AP"})
_LINKS = frozenset({"/GoTo", "/GoToR", "/URI", "/Named"})
_PRIVATE = ("/PieceInfo", "/Measure", "/PtData")
_TOLD = {
    "/AA": PdfLoss.ACTIONS,
    "/OpenAction": PdfLoss.ACTIONS,
    "/JavaScript": PdfLoss.ACTIONS,
    "/AcroForm": PdfLoss.FORMS,
    "/NeedsRendering": PdfLoss.FORMS,
    "/Perms": PdfLoss.SIGNATURES,
    "/DSS": PdfLoss.SIGNATURES,
    "/AF": PdfLoss.ATTACHMENTS,
    "/Collection": PdfLoss.ATTACHMENTS,
    "/EmbeddedFiles": PdfLoss.ATTACHMENTS,
}


def make_concessions(pdf: pikepdf.Pdf) -> set[PdfLoss]:
    """Take out of a document what is in the way; what it was. Raises PdfaRefused when something seen would go."""
    lost = merge_remarks(pdf)
    _without(pdf.trailer, _TRAILER)
    lost |= _without(pdf.Root, _CATALOG)
    names = pdf.Root.get("/Names")
    if isinstance(names, Dictionary):
        lost |= _without(names, _NAMES)
    for page in pdf.pages:
        lost |= take_from_page(page)
        annotations: Any = page.obj.get("/Annots")
        lost |= _only_links(annotations if isinstance(annotations, Array) else ())
    lost |= _only_links(item for item in pdf.objects if isinstance(item, Dictionary) and "/Title" in item)
    return lost | _private(pdf)


def take_from_page(page: pikepdf.Page) -> set[PdfLoss]:
    """Take out of a page what has nothing to do with how it looks; what it was."""
    return _without(page.obj, _PAGE)


def _without(owner: pikepdf.Object, kept: Container[str]) -> set[PdfLoss]:
    """Take out whatever is not `kept`."""
    gone = [key for key in owner.keys() if key not in kept]  # noqa: SIM118  of an object of pikepdf's
    for key in gone:
        del owner[key]
    return {_TOLD.get(key, PdfLoss.EXTENSIONS) for key in gone}


def _only_links(items: Iterable[pikepdf.Object]) -> set[PdfLoss]:
    """Of what can be clicked, leave what leads somewhere."""
    lost = set()
    for item in items:
        if not isinstance(item, Dictionary):
            continue
        action = item.get("/A")
        if isinstance(action, Dictionary):
            if str(action.get("/S", "")) not in _LINKS:
                del item["/A"]
                lost.add(PdfLoss.ACTIONS)
            elif "/Next" in action:
                del action["/Next"]
                lost.add(PdfLoss.ACTIONS)
        if "/AA" in item:
            del item["/AA"]
            lost.add(PdfLoss.ACTIONS)
    return lost


def _private(pdf: pikepdf.Pdf) -> set[PdfLoss]:
    """Take out what programs keep with pictures and forms for themselves."""
    found = set()
    for item in pdf.objects:
        if not isinstance(item, Stream) or item.get("/Subtype") not in (Name.Image, Name.Form):
            continue
        doomed = (*_PRIVATE, "/Metadata") if item.get("/Subtype") == Name.Image else _PRIVATE
        for key in doomed:
            if key in item:
                del item[key]
                found.add(PdfLoss.EXTENSIONS)
    return found

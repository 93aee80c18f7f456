"""What a document says in a way that PDF/A or its validator does not take, said otherwise: nothing of it is lost."""

from collections.abc import Callable, Iterable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

# Kinds of resources (ISO 32000-1, table 33): no operator can name another.
_RESOURCES = frozenset(
    {"/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Properties", "/ProcSet", "/Pattern", "/Shading"}
)
_NODE = frozenset({"/Type", "/Kids", "/Count", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/Rotate"})
_MODES = frozenset({"/UseNone", "/UseOutlines", "/UseThumbs", "/FullScreen"})
_DEEPEST = 32  # of a tree of labels


def say_it_plainly(pdf: pikepdf.Pdf) -> None:
    """Bring a document into the form that the validator knows."""
    if pdf.Root.get("/PageMode") not in (None, *map(Name, _MODES)):
        del pdf.Root["/PageMode"]  # a panel that would be open, of attachments or layers
    _labels(pdf.Root.get("/PageLabels"), 0)
    owners = [*(page.obj for page in pdf.pages), *(item for item in pdf.objects if _is(item, Name.Form))]
    for owner in owners:
        _only(owner.get("/Resources"), _RESOURCES.__contains__)
    _own_masks(pdf, owners)
    for item in pdf.objects:
        if isinstance(item, Dictionary) and not isinstance(item, Stream):
            _dictionary(item)


def _dictionary(item: pikepdf.Object) -> None:
    match str(item.get("/Type", "")):
        case "/Pages":
            _only(item, _NODE.__contains__)
        case "/Font" if item.get("/Subtype") == Name.CIDFontType2 and "/CIDToGIDMap" not in item:
            item["/CIDToGIDMap"] = Name.Identity  # what is meant where it is not said (ISO 32000-1, table 117)
    differences: Any = item.get("/Differences")
    if isinstance(differences, Array) and differences.is_indirect:
        item["/Differences"] = Array(list(differences))


def _own_masks(pdf: pikepdf.Pdf, owners: Iterable[pikepdf.Object]) -> None:
    """Give pictures masks of their own where these are among the pictures of a page: common in layered scans.

    The validator takes an object for one thing alone.
    """
    drawn = {picture.objgen for owner in owners for picture in _pictures(owner)}
    copies: dict[tuple[int, int], pikepdf.Object] = {}
    for item in [item for item in pdf.objects if _is(item, Name.Image)]:
        for key in ("/Mask", "/SMask"):
            mask = item.get(key)
            if isinstance(mask, Stream) and mask.objgen in drawn:
                if mask.objgen not in copies:
                    copies[mask.objgen] = _copy(pdf, mask)
                item[key] = copies[mask.objgen]


def _pictures(owner: pikepdf.Object) -> Iterable[pikepdf.Object]:
    resources = owner.get("/Resources")
    found: Any = resources.get("/XObject") if isinstance(resources, Dictionary) else None
    return [item for _, item in found.items()] if isinstance(found, Dictionary) else []


def _copy(pdf: pikepdf.Pdf, stream: Stream) -> pikepdf.Object:
    """The same stream once more, as it is compressed."""
    copy = pdf.make_stream(stream.read_raw_bytes())
    for key, value in stream.items():
        if key != "/Length":
            copy[key] = value
    return copy


def _is(item: pikepdf.Object, subtype: Name) -> bool:
    return isinstance(item, Stream) and item.get("/Subtype") == subtype


def _only(owner: pikepdf.Object | None, kept: Callable[[str], bool]) -> None:
    """Take out entries that have no meaning there."""
    if isinstance(owner, Dictionary):
        for key in [key for key in owner.keys() if not kept(key)]:  # noqa: SIM118  of an object of pikepdf's
            del owner[key]


def _labels(node: Any, depth: int) -> None:
    """Put each page label where it is referred to."""
    if depth == _DEEPEST or not isinstance(node, Dictionary):
        return
    numbers: Any = node.get("/Nums")
    if isinstance(numbers, Array):
        for place, label in enumerate(list(numbers)):
            if isinstance(label, Dictionary) and label.is_indirect:
                numbers[place] = Dictionary(dict(label.items()))
    kids: Any = node.get("/Kids")
    for kid in kids if isinstance(kids, Array) else ():
        _labels(kid, depth + 1)

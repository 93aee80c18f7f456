"""Invisible text that an earlier recogniser left on a page: it goes when the page was recognised anew.

Only text that nobody sees is taken out, and only from text objects in which nothing can be seen: elsewhere what is
visible stands behind what is not, and would move.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import pikepdf
from pikepdf import Array, ContentStreamInlineImage, ContentStreamInstruction, Dictionary, Name, Operator, Stream

from ocr_platform.outputs.pdf.layer import INVISIBLE

_SETS_INVISIBLE = re.compile(rb"(?:^|[\s\]>)])3\s+Tr(?![A-Za-z0-9])")
_DEEPEST = 8  # forms within forms
_LARGEST = 32 * 1024 * 1024  # bytes of operators; parsing takes some hundred times as many

_Instruction = ContentStreamInstruction | ContentStreamInlineImage
_Instructions = list[_Instruction]


@dataclass(slots=True)
class _State:
    """The rendering mode with those that `q` saved, and where the open text object shows what."""

    mode: int = 0
    saved: list[int] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    visible: bool = False


def remove_invisible_text(pdf: pikepdf.Pdf, page: pikepdf.Page) -> bool:
    """Take invisible text out of a page and of the forms that it draws; whether there was any."""
    content = b"\n".join(_parts(page.obj.get("/Contents")))
    removed = False
    if _worth_parsing(content):
        instructions = _parsed(page)
        if _taken_out(instructions):
            page.obj.Contents = pdf.make_stream(pikepdf.unparse_content_stream(instructions))
            removed = True
    return _from_forms(pdf, page.obj, 0) or removed


def _from_forms(pdf: pikepdf.Pdf, owner: pikepdf.Object, depth: int) -> bool:
    """The same for forms among an owner's resources. Other pages may share them: the owner gets copies."""
    resources = owner.get("/Resources")
    if depth == _DEEPEST or not isinstance(resources, Dictionary):
        return False
    forms = resources.get("/XObject")
    if not isinstance(forms, Dictionary):
        return False
    cleaned = {}
    for name, form in forms.items():
        if isinstance(form, Stream) and form.get("/Subtype") == Name.Form:
            clean = _without(pdf, form, depth)
            if clean is not None:
                cleaned[name] = clean
    if not cleaned:
        return False
    copied = Dictionary(dict(resources.items()))
    copied["/XObject"] = Dictionary({**dict(forms.items()), **cleaned})
    owner["/Resources"] = copied
    return True


def _without(pdf: pikepdf.Pdf, form: Stream, depth: int) -> Stream | None:
    """A copy of a form without its invisible text; None when it has none."""
    content = form.read_bytes()
    kept: bytes | None = None
    if _worth_parsing(content):
        instructions = _parsed(form)
        if _taken_out(instructions):
            kept = pikepdf.unparse_content_stream(instructions)
    copy = pdf.make_stream(content if kept is None else kept)
    for key, value in form.items():
        if key not in {"/Length", "/Filter", "/DecodeParms"}:
            copy[key] = value
    inner = _from_forms(pdf, copy, depth + 1)
    return copy if inner or kept is not None else None


def _worth_parsing(content: bytes) -> bool:
    return len(content) <= _LARGEST and _SETS_INVISIBLE.search(content) is not None


def _parsed(owner: pikepdf.Page | Stream) -> _Instructions:
    return list(pikepdf.parse_content_stream(owner))


def _taken_out(instructions: _Instructions) -> bool:
    """Take what is invisible out of a list of instructions; whether anything was."""
    state = _State()
    doomed: set[int] = set()
    for index, instruction in enumerate(instructions):
        doomed.update(_met(state, index, instruction))
    for index in doomed:
        instructions[index] = _instead(instructions[index])
    return bool(doomed)


def _met(state: _State, index: int, instruction: _Instruction) -> Iterable[int]:
    """Follow one instruction; at the end of a text object that shows nothing, those that show are given."""
    match str(instruction.operator):
        case "q":
            state.saved.append(state.mode)
        case "Q" if state.saved:
            state.mode = state.saved.pop()
        case "Tr" if instruction.operands:
            state.mode = int(instruction.operands[0])
        case "BT":
            state.hidden, state.visible = [], False
        case "Tj" | "TJ" | "'" | '"':
            if state.mode == INVISIBLE:
                state.hidden.append(index)
            else:
                state.visible = True
        case "ET" if not state.visible:
            found, state.hidden = state.hidden, []
            return found
    return ()


def _instead(instruction: _Instruction) -> ContentStreamInstruction:
    """An instruction that shows nothing in the place of one that does: the quotes also move to the next line."""
    if str(instruction.operator) in {"'", '"'}:
        return ContentStreamInstruction([], Operator("T*"))
    return ContentStreamInstruction([Array([])], Operator("TJ"))


def _parts(contents: pikepdf.Object | None) -> Iterable[bytes]:
    """The streams of a page's contents, unpacked; what is none is left out."""
    streams = contents if isinstance(contents, Array) else [contents]
    return [stream.read_bytes() for stream in streams if isinstance(stream, Stream)]

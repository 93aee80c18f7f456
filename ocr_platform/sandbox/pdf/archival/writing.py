"""Writing a PDF as PDF/A-2b, and having pikepdf's validator look at the bytes that were written."""

import io
import os
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any, BinaryIO

import pikepdf
from pikepdf import Array, Dictionary, Stream, pdfa

from ocr_platform.errors import PdfaRefused
from ocr_platform.models import PdfLoss
from ocr_platform.sandbox.pdf.archival.concessions import make_concessions
from ocr_platform.sandbox.pdf.archival.plainness import say_it_plainly

_FLAVOUR = pdfa.Flavour.PDFA_2B
_VERSION = "1.7"  # the one that ISO 19005-2 is based on
_SRGB = "sRGB"
_WRITTEN_AT = "xmp:MetadataDate"  # pikepdf's own: the time at which this runs


def save_archival(pdf: pikepdf.Pdf, file: BinaryIO) -> Collection[PdfLoss]:
    """Write a document as PDF/A-2b; what had to be taken out for that. The same document always gives the same bytes.

    Raises PdfaRefused when the validator does not approve of the bytes as they were written; pikepdf.PdfError and what
    `parsing` translates when the document is damaged; OSError when there is no room.
    """
    lost = make_concessions(pdf)
    say_it_plainly(pdf)
    for profile, identifier in _profiles(pdf):
        lost |= _prepared(pdf, profile, identifier)
        if _approved(file, _written(pdf, file)):
            return sorted(lost)
    raise PdfaRefused


@cache
def srgb() -> bytes:
    """The sRGB profile that comes with pikepdf. It is read from a file, the first time."""
    with pikepdf.Pdf.new() as pdf:
        pdfa.prepare(pdf, _FLAVOUR, output_intent=_SRGB)
        profile = _own_profile(pdf)
    if profile is None:
        raise LookupError("pikepdf's sRGB profile")
    return profile


def _profiles(pdf: pikepdf.Pdf) -> Iterator[tuple[bytes, str | None]]:
    """What device colours may mean: what the document itself says, and sRGB. Each with its name, None for its own."""
    own = _own_profile(pdf)
    if own is not None and own != srgb():
        yield own, None
    yield srgb(), _SRGB


def _own_profile(pdf: pikepdf.Pdf) -> bytes | None:
    """The profile of a document's first output intent that has one."""
    intents: Any = pdf.Root.get("/OutputIntents")
    for intent in intents if isinstance(intents, Array) else ():
        profile = intent.get("/DestOutputProfile") if isinstance(intent, Dictionary) else None
        if isinstance(profile, Stream):
            return profile.read_bytes()
    return None


def _prepared(pdf: pikepdf.Pdf, profile: bytes, identifier: str | None) -> set[PdfLoss]:
    """Declare what PDF/A wants declared; what pikepdf took out for it."""
    try:
        done = pdfa.prepare(pdf, _FLAVOUR, output_intent=profile, output_condition_identifier=identifier)
    except ValueError:  # a profile of the document's own that nobody could print by
        done = pdfa.prepare(pdf, _FLAVOUR, output_intent=srgb(), output_condition_identifier=_SRGB)
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        if _WRITTEN_AT in metadata:
            del metadata[_WRITTEN_AT]
    lost = {
        PdfLoss.ANNOTATIONS: done.annotations_removed,
        PdfLoss.ACTIONS: done.document_javascript_removed or done.alternate_presentations_removed,
        PdfLoss.METADATA: done.xmp_dropped or done.xmp_unreadable,
    }
    return {loss for loss, there in lost.items() if there}


def _written(pdf: pikepdf.Pdf, file: BinaryIO) -> int:
    """Write from the beginning of a file; how many bytes."""
    file.seek(0)
    pdf.save(file, **pdfa.resolve_save_kwargs(_FLAVOUR, deterministic_id=True, force_version=_VERSION))
    file.flush()
    return file.tell()


def _approved(file: BinaryIO, size: int) -> bool:
    """What the validator says of the first `size` bytes of a file: its allowlist has all that is in them."""
    with io.BufferedReader(_Beginning(file.fileno(), size)) as beginning:
        # An error is a finding there, also that there was no memory: it approves of nothing that it has not seen.
        return pdfa.validate_written(beginning, _FLAVOUR).passed


class _Beginning(io.RawIOBase):
    """The first bytes of a file that is longer than what was written into it."""

    def __init__(self, descriptor: int, size: int) -> None:
        super().__init__()
        self._descriptor, self._size, self._at = descriptor, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        # Not preadv: Python makes preadv2 of it, which no sandbox may call.
        read = os.pread(self._descriptor, min(len(buffer), max(0, self._size - self._at)), self._at)
        buffer[: len(read)] = read
        self._at += len(read)
        return len(read)

"""JPEG 2000 files as they are; a bare codestream gets the boxes around it that PDF asks for.

Source of boxes and fields: ITU-T T.800, annexes A and I.
"""

import struct
from collections.abc import Iterator

from ocr_platform.sandbox.pdf.pictures.picture import Picture

_SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_CODESTREAM = b"\xff\x4f\xff\x51"  # SOC, SIZ
_TYPE = b"ftypjp2 \x00\x00\x00\x00jp2 "
_SRGB, _GREY = 16, 17
_COMPONENTS = frozenset({1, 3})
_SIZ = struct.Struct(">HHIIIIIIIIH")  # after the two markers: length, capabilities, sizes, offsets, tiles, components


def jpeg2000_as_it_is(data: bytes) -> Picture | None:
    """The picture, or None for what is no JPEG 2000, and for kinds with other channels than grey or colour."""
    codestream = data if data[:4] == _CODESTREAM else _codestream(data)
    if codestream is None or len(codestream) < 4 + _SIZ.size + 1:
        return None
    _, _, right, lower, left, upper, _, _, _, _, components = _SIZ.unpack_from(codestream, 4)
    if components not in _COMPONENTS or right <= left or lower <= upper:
        return None
    width, height = right - left, lower - upper
    depth = codestream[4 + _SIZ.size]
    if codestream is data:
        data = _boxed(data, width, height, components, depth)
    # Space and bits are the file's own affair (ISO 32000-1, 7.4.9).
    return Picture(width, height, (depth & 0x7F) + 1, "", data, "JPXDecode")


def _codestream(data: bytes) -> bytes | None:
    if data[:12] != _SIGNATURE:
        return None
    return next((content for kind, content in _boxes(data) if kind == b"jp2c"), None)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, head = int.from_bytes(data[at : at + 4], "big"), 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = at + length if length else len(data)
        if end < at + head:
            return
        yield data[at + 4 : at + 8], data[at + head : end]
        at = end


def _boxed(codestream: bytes, width: int, height: int, components: int, depth: int) -> bytes:
    header = _box(b"ihdr", struct.pack(">IIHBBBB", height, width, components, depth, 7, 0, 0))
    space = _box(b"colr", struct.pack(">BBBI", 1, 0, 0, _GREY if components == 1 else _SRGB))
    return _SIGNATURE + _box(_TYPE[:4], _TYPE[4:]) + _box(b"jp2h", header + space) + _box(b"jp2c", codestream)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content

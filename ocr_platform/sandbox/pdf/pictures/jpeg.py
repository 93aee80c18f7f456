"""JPEG files as they are. Source of markers and fields: ITU-T T.81, annex B, and T.872 for Adobe's."""

from dataclasses import replace

from ocr_platform.sandbox.pdf.pictures.picture import Picture

_START, _MARK = b"\xff\xd8", 0xFF
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # Huffman coded: baseline, extended, progressive; PDF has no others
_OTHER_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_SCAN, _ADOBE = 0xDA, 0xEE
_SPACES = {1: "DeviceGray", 3: "DeviceRGB", 4: "DeviceCMYK"}
_INVERTED = (1, 0) * 4
_BITS = 8


def jpeg_as_it_is(data: bytes) -> Picture | None:
    """The picture, or None for a kind of JPEG that PDF does not have."""
    if data[:2] != _START:
        return None
    found: Picture | None = None
    adobe = False
    for marker, segment in _segments(data):
        if marker in _OTHER_FRAMES:
            return None
        if marker in _FRAMES and found is None:
            found = _picture(segment, data)
        adobe = adobe or (marker == _ADOBE and segment[:5] == b"Adobe")
    if found is not None and adobe and found.space == "DeviceCMYK":
        return replace(found, decode=_INVERTED)  # Photoshop stores ink as light
    return found


def _segments(data: bytes) -> list[tuple[int, bytes]]:
    """Markers with what belongs to them, up to the first scan."""
    found, at = [], 2
    while at + 4 <= len(data):
        if data[at] != _MARK:
            at += 1
            continue
        marker = data[at + 1]
        if marker in (_MARK, 0):
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            if marker == _SCAN:
                break
            found.append((marker, data[at + 4 : at + 2 + length]))
            at += 2 + length
    return found


def _picture(frame: bytes, data: bytes) -> Picture | None:
    if len(frame) < 6 or frame[0] != _BITS:  # noqa: PLR2004  precision, two sides, number of components
        return None
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    components = frame[5]
    if not height or not width or components not in _SPACES:
        return None
    # libjpeg goes by the components' names where no marker says what they are; PDF assumes YCbCr.
    plain = components == 3 and frame[6:15:3] == b"RGB"  # noqa: PLR2004
    parameters = {"ColorTransform": 0} if plain else {}
    return Picture(width, height, _BITS, _SPACES[components], data, "DCTDecode", parameters)

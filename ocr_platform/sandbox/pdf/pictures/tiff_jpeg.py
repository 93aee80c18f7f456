"""TIFF pages in JPEG compression as they are.

Source: TIFF Technical Note 2 (1995), which replaces section 22 of TIFF 6.0.
"""

from dataclasses import replace
from typing import Any

from ocr_platform.sandbox.pdf.pictures.jpeg import jpeg_as_it_is
from ocr_platform.sandbox.pdf.pictures.picture import Picture

_COMPRESSION, _PHOTOMETRIC, _TABLES = 259, 262, 347
_STRIPS, _STRIP_BYTES = 273, 279
_JPEG = 7
_YCBCR = 6
_START, _END = b"\xff\xd8", b"\xff\xd9"


def tiff_jpeg_as_it_is(tags: Any, body: memoryview) -> Picture | None:
    """The picture of a TIFF directory that is one strip in JPEG compression; None for all else.

    The tables that all strips of a directory share go into the strip's own stream.
    """
    starts, sizes = tags.get(_STRIPS), tags.get(_STRIP_BYTES)
    if tags.get(_COMPRESSION) != _JPEG or not starts or not sizes or len(starts) != 1 or len(sizes) != 1:
        return None
    data = bytes(body[starts[0] : starts[0] + sizes[0]])
    tables = bytes(tags.get(_TABLES, b""))
    if tables.startswith(_START) and data.startswith(_START):
        data = _START + tables[2:].removesuffix(_END) + data[2:]
    picture = jpeg_as_it_is(data)
    if picture is None or picture.space != "DeviceRGB":
        return picture
    # The directory says what the colours are, and not the stream.
    return replace(picture, parameters={"ColorTransform": int(tags.get(_PHOTOMETRIC) == _YCBCR)})

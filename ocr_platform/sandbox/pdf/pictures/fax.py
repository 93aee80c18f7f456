"""TIFF pages in fax compression as they are, and any black-and-white picture in it. Sources: TIFF 6.0, ITU-T T.6."""

import io
from typing import Any

from PIL import Image

from ocr_platform.sandbox.pdf.pictures.picture import Picture

_WIDTH, _LENGTH, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 259, 262, 266
_STRIPS, _STRIP_BYTES, _ROWS_PER_STRIP, _GROUP3_OPTIONS = 273, 279, 278, 292
_GROUP3, _GROUP4 = 3, 4
_TWO_DIMENSIONS, _ALIGNED = 1, 4  # bits of T4Options
_BACKWARDS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_BLACK_IS_ZERO = 1


def fax_as_it_is(tags: Any, body: memoryview) -> Picture | None:
    """The picture of a TIFF directory that is one strip in Group 3 or Group 4 compression; None for all else."""
    compression = tags.get(_COMPRESSION)
    starts, sizes = tags.get(_STRIPS), tags.get(_STRIP_BYTES)
    if compression not in (_GROUP3, _GROUP4) or not starts or not sizes or len(starts) != 1 or len(sizes) != 1:
        return None
    data = bytes(body[starts[0] : starts[0] + sizes[0]])
    if len(data) != sizes[0]:
        return None
    if tags.get(_FILL_ORDER, 1) == 2:  # noqa: PLR2004  the lowest bit of a byte is the leftmost pixel
        data = data.translate(_BACKWARDS)
    width, height = int(tags[_WIDTH]), int(tags[_LENGTH])
    options = int(tags.get(_GROUP3_OPTIONS, 0))
    parameters: dict[str, Any] = {"Columns": width, "Rows": height}
    if compression == _GROUP4:
        parameters["K"] = -1
    else:
        parameters["K"] = 1 if options & _TWO_DIMENSIONS else 0
        parameters["EncodedByteAlign"] = bool(options & _ALIGNED)
    if tags.get(_PHOTOMETRIC, 0) == _BLACK_IS_ZERO:
        parameters["BlackIs1"] = True
    return Picture(width, height, 1, "DeviceGray", data, "CCITTFaxDecode", parameters)


def as_fax(image: Image.Image) -> Picture | None:
    """A picture of mode 1 in Group 4 compression, which loses nothing; None when libtiff gives more than one strip."""
    file = io.BytesIO()
    image.save(file, "TIFF", compression="group4", tiffinfo={_ROWS_PER_STRIP: image.height})
    file.seek(0)
    with Image.open(file, formats=("TIFF",)) as tiff:
        return fax_as_it_is(tiff.tag_v2, file.getbuffer())  # type: ignore[attr-defined]  # of Pillow's TIFF images

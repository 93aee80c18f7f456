"""Pictures of a TIFF sample by sample: any number of bits, integers and floats, together or apart.

Pillow's libtiff unpacks each piece as if it were grey of 8 bits; here the bytes become samples, and those grey.
"""

import struct
from io import BytesIO
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from ocr_platform.errors import PageDamaged, PageUnsupported
from ocr_platform.ocr import tiff_layout
from ocr_platform.ocr.tiff_layout import Layout

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_BYTE, _SHORT, _WORD = 8, 16, 32
_RAW = 1
# Compressions that know nothing of pictures: none, LZW, Deflate under two numbers, PackBits, LZMA, Zstandard.
_OF_BYTES = frozenset({_RAW, 5, 8, 32946, 32773, 34925, 50000})
_PREMULTIPLIED, _ALPHA = 1, 2
_COLOUR_LEVELS = 65535
_BRIGHTNESS = (np.float32(0.299), np.float32(0.587), np.float32(0.114))  # ITU-R BT.601, as Pillow's own conversion


def grey_of(layout: Layout, file: IO[bytes]) -> Image.Image:
    """The picture as 8-bit grey. Raises PageUnsupported, PageDamaged, and what Pillow raises of damaged pieces."""
    levels = _levels(layout, file)
    if layout.bits >= _WORD or layout.kind == tiff_layout.FLOAT:
        _agree_on_white(levels, layout)
    light = _light(levels, layout)
    return Image.fromarray(np.clip(light * 255 + 0.5, 0, 255).astype(np.uint8))


def _levels(layout: Layout, file: IO[bytes]) -> Floats:
    """All samples, of height by width by samples: whole numbers from 0 to 1, of what has an agreed largest one."""
    (wide, high), whole = layout.piece, (layout.height, layout.width)
    across, down = -(-layout.width // wide), -(-layout.height // high)
    planes = layout.samples if layout.apart else 1
    wanted = layout.samples if layout.apart else _useful(layout)
    if len(layout.offsets) < across * down * planes or len(layout.counts) < len(layout.offsets):
        raise PageDamaged
    levels = np.zeros((*whole, min(wanted, _useful(layout))), dtype=np.float32)
    for index in range(across * down * planes):
        plane, place = divmod(index, across * down)
        if plane >= levels.shape[2]:
            break
        top, left = place // across * high, place % across * wide
        rows, columns = min(high, layout.height - top), min(wide, layout.width - left)
        found = _samples(_unpacked(layout, file, index), layout)[:rows, :columns]
        into = levels[top : top + rows, left : left + columns]
        if layout.apart:
            into[:, :, plane] = found[:, :, 0]
        else:
            into[:] = found[:, :, : into.shape[2]]
    return levels


def _useful(layout: Layout) -> int:
    """How many samples of a pixel are looked at: colour, and opacity when it is the first of the others."""
    return tiff_layout.COLOURS[layout.photometric] + (1 if _opacity(layout) else 0)


def _opacity(layout: Layout) -> int:
    """What the first sample beyond the colour is, when it says how opaque a pixel is; else 0."""
    there = layout.samples > tiff_layout.COLOURS[layout.photometric]
    first = layout.extra[0] if layout.extra and there else 0
    return first if first in (_PREMULTIPLIED, _ALPHA) else 0


def _unpacked(layout: Layout, file: IO[bytes], index: int) -> Bytes:
    """The bytes of a piece, as many as it must have. Raises PageUnsupported for a compression that is not known."""
    size = layout.row_bytes * layout.piece[1]
    file.seek(layout.offsets[index])
    packed = file.read(min(layout.counts[index], size) if layout.compression == _RAW else layout.counts[index])
    if layout.compression not in _OF_BYTES:
        raise PageUnsupported
    plain = layout.compression == _RAW and layout.fill_order == 1
    body = packed if plain else _by_libtiff(packed, layout, layout.rows_in_file(index))
    return np.frombuffer(body.ljust(size, b"\0")[:size], dtype=np.uint8).reshape(layout.piece[1], layout.row_bytes)


def _by_libtiff(packed: bytes, layout: Layout, rows: int) -> bytes:
    """What a piece unpacks to: it is wrapped as a TIFF of its own, of one strip with a sample for each byte."""
    # ImageWidth, ImageLength, BitsPerSample, Compression, PhotometricInterpretation, FillOrder, StripOffsets,
    # SamplesPerPixel, RowsPerStrip, StripByteCounts: all as LONG (type 4).
    start = 8
    tags = {256: layout.row_bytes, 257: rows, 258: _BYTE, 259: layout.compression, 262: 1, 266: layout.fill_order}
    tags |= {273: start, 277: 1, 278: rows, 279: len(packed)}
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in tags)
    body = b"II*\0" + struct.pack("<I", start + len(packed)) + packed + directory + bytes(4)
    with TiffImagePlugin.TiffImageFile(BytesIO(body)) as image:
        return image.tobytes()


def _samples(packed: Bytes, layout: Layout) -> Floats:
    """Samples of a piece: rows by columns by samples that lie together."""
    shape = (layout.piece[1], layout.piece[0], layout.samples_together)
    if layout.kind == tiff_layout.FLOAT:
        return _floats(packed, layout, shape)
    if layout.bits not in tiff_layout.WHOLE:
        return _odd_bits(packed, layout.bits, shape)
    numbers = packed.view(np.dtype(f"{layout.order}u{layout.bits // _BYTE}")).reshape(shape)
    if layout.predictor == tiff_layout.DIFFERENCES:
        numbers = np.cumsum(numbers, axis=1, dtype=numbers.dtype.newbyteorder("="))
    if layout.kind == tiff_layout.SIGNED:
        numbers = numbers.astype(numbers.dtype.newbyteorder("=")) ^ numbers.dtype.type(1 << (layout.bits - 1))
    return numbers.astype(np.float32) / np.float32(2.0**layout.bits - 1)


def _floats(packed: Bytes, layout: Layout, shape: tuple[int, int, int]) -> Floats:
    size = layout.bits // _BYTE
    kind = np.dtype(f"{layout.order}f{size}")
    if layout.predictor == tiff_layout.FLOAT_DIFFERENCES:
        # Adobe's technical note 3: bytes of equal weight lie together, the weightiest first, as differences.
        rows, _columns, samples = shape
        summed = np.cumsum(packed.reshape(rows, -1, samples), axis=1, dtype=np.uint8).reshape(rows, size, -1)
        packed, kind = np.ascontiguousarray(summed.transpose(0, 2, 1)).reshape(rows, -1), np.dtype(f">f{size}")
    elif layout.predictor == tiff_layout.DIFFERENCES:
        whole = packed.view(np.dtype(f"{layout.order}u{size}")).reshape(shape)
        packed = np.cumsum(whole, axis=1, dtype=np.dtype(f"u{size}")).reshape(shape[0], -1).view(np.uint8)
        kind = np.dtype(f"=f{size}")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.nan_to_num(packed.view(kind).reshape(shape).astype(np.float32))


def _odd_bits(packed: Bytes, bits: int, shape: tuple[int, int, int]) -> Floats:
    """Numbers of any length, the weightiest bit first, row by row to keep the bits of a page out of memory."""
    weights = (2.0 ** np.arange(bits - 1, -1, -1) / (2.0**bits - 1)).astype(np.float32)
    found = np.empty(shape, dtype=np.float32)
    count = shape[1] * shape[2]
    for row, line in enumerate(packed):
        found[row] = (np.unpackbits(line)[: count * bits].reshape(count, bits) * weights).sum(axis=1).reshape(shape[1:])
    return found


def _agree_on_white(levels: Floats, layout: Layout) -> None:
    """Numbers of 32 bits and more, and floats, have no agreed white: the lightest becomes it, unless all fit."""
    colours = levels[:, :, : tiff_layout.COLOURS[layout.photometric]]
    low, high = float(colours.min()), float(colours.max())
    if layout.kind == tiff_layout.FLOAT and low >= 0 and high <= 1:
        return
    if low == high:
        colours[:] = 0 if layout.photometric == tiff_layout.WHITE_IS_ZERO else 1  # an empty page
        return
    colours -= low
    colours /= high - low


def _light(levels: Floats, layout: Layout) -> Floats:
    """How light each pixel is, from 0 to 1, on white paper."""
    light: Floats = _colourless(levels, layout)
    opacity = _opacity(layout)
    if not opacity:
        return light
    opaque = levels[:, :, -1]
    found: Floats = (light if opacity == _PREMULTIPLIED else light * opaque) + (1 - opaque)
    return found


def _colourless(levels: Floats, layout: Layout) -> Any:
    match layout.photometric:
        case tiff_layout.WHITE_IS_ZERO:
            return 1 - levels[:, :, 0]
        case tiff_layout.RGB:
            return _brightness(levels)
        case tiff_layout.SEPARATED:
            return _brightness(1 - levels) * (1 - levels[:, :, 3])
        case tiff_layout.PALETTE:
            return _of_palette(levels[:, :, 0], layout)
    return levels[:, :, 0]  # black is zero; luma; lightness


def _brightness(colours: Any) -> Any:
    red, green, blue = _BRIGHTNESS
    return red * colours[:, :, 0] + green * colours[:, :, 1] + blue * colours[:, :, 2]


def _of_palette(levels: Floats, layout: Layout) -> Floats:
    """The map has all reds, then all greens, then all blues."""
    colours = 1 << layout.bits
    if layout.bits > _SHORT or len(layout.colour_map) != 3 * colours:
        raise PageDamaged
    colour_map = np.array(layout.colour_map, dtype=np.float32).reshape(1, 3, colours) / np.float32(_COLOUR_LEVELS)
    light = _brightness(colour_map.transpose(0, 2, 1))[0]
    found: Floats = light[np.rint(levels * (colours - 1)).astype(np.int64)]
    return found

"""TIFFs of kinds that Pillow does not write: any depth, number format, order and arrangement of samples."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONG, _LONG8 = 4, 16
RAW, DEFLATE = 1, 8
Samples = NDArray[Any]


def tiff(  # noqa: PLR0913  each a way in which TIFFs differ
    samples: Samples,
    *,
    bits: int | None = None,
    photometric: int = 1,
    order: str = "<",
    big: bool = False,
    apart: bool = False,
    tile: tuple[int, int] | None = None,
    rows_per_strip: int | None = None,
    compression: int = RAW,
    predictor: int = 1,
    tags: Mapping[int, Sequence[int]] | None = None,
) -> bytes:
    """A TIFF of one page: `samples` are rows by columns by samples.

    `bits` are packed where they are no whole bytes, and what `samples` are kept in otherwise. A `tile` is its width and
    height. With a `predictor` of 2 samples are differences.
    """
    height, width, count = samples.shape
    wide, high = tile or (width, rows_per_strip or height)
    kind = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    depth = bits or samples.dtype.itemsize * 8
    planes = np.split(samples, count, axis=2) if apart else [samples]
    pieces = [
        _packed(_piece(plane, top, left, (wide, high), full=tile is not None), bits, order, compression, predictor)
        for plane in planes
        for top in range(0, height, high)
        for left in range(0, width, wide)
    ]
    places = {True: (324, 325), False: (273, 279)}[tile is not None]
    entries: dict[int, Sequence[int]] = {
        256: [width],
        257: [height],
        258: [depth] * count,
        259: [compression],
        262: [photometric],
        277: [count],
        284: [2 if apart else 1],
        317: [predictor],
        339: [kind] * count,
        places[1]: [len(piece) for piece in pieces],
        **({322: [wide], 323: [high]} if tile else {278: [high]}),
        **(tags or {}),
    }
    return _file(entries, places[0], pieces, order, big=big)


def _piece(plane: Samples, top: int, left: int, size: tuple[int, int], *, full: bool) -> Samples:
    """A strip or a tile; tiles are `full` also where the picture ends."""
    wide, high = size
    part = plane[top : top + high, left : left + wide]
    if not full:
        return part
    return np.pad(part, ((0, high - part.shape[0]), (0, wide - part.shape[1]), (0, 0)))


def _packed(part: Samples, bits: int | None, order: str, compression: int, predictor: int) -> bytes:
    if predictor == 2:
        part = np.concatenate([part[:, :1], np.diff(part, axis=1)], axis=1)
    if bits is not None and bits % 8:
        rows = part.reshape(part.shape[0], -1)
        each = (rows[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
        body = np.packbits(each.reshape(rows.shape[0], -1).astype(np.uint8), axis=1).tobytes()
    else:
        body = part.astype(part.dtype.newbyteorder("<" if order == "<" else ">")).tobytes()
    return zlib.compress(body) if compression == DEFLATE else body


def _file(entries: dict[int, Sequence[int]], offsets: int, pieces: Sequence[bytes], order: str, *, big: bool) -> bytes:
    """Header, pieces, long values, directory: all values are LONG, or LONG8 in a BigTIFF."""
    kind, word, head = (_LONG8, "Q", 16) if big else (_LONG, "I", 8)
    out = bytearray(head)
    places = []
    for piece in pieces:
        places.append(len(out))
        out += piece
    directory = b""
    every = {offsets: places, **entries}
    for tag, values in sorted(every.items()):
        packed = struct.pack(f"{order}{len(values)}{word}", *values)
        if len(values) > 1:
            place = len(out)
            out += packed
            packed = struct.pack(f"{order}{word}", place)
        directory += struct.pack(f"{order}HH{word}", tag, kind, len(values)) + packed
    mark = {"<": b"II", ">": b"MM"}[order]
    version = struct.pack(f"{order}HHHQ", 43, 8, 0, len(out)) if big else struct.pack(f"{order}HI", 42, len(out))
    out[:head] = mark + version
    count = struct.pack(f"{order}{'Q' if big else 'H'}", len(every))
    return bytes(out + count + directory + bytes(8))

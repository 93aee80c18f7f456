"""How a picture lies in a TIFF file, by the tags of its directory (TIFF 6.0)."""

from dataclasses import dataclass
from typing import Any, Self

from PIL import TiffImagePlugin as Tiff

from ocr_platform.errors import PageUnsupported

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR, LAB, ICC_LAB = 0, 1, 2, 3, 5, 6, 8, 9
# How many samples make a colour.
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, SEPARATED: 4, YCBCR: 3, LAB: 3, ICC_LAB: 3}
# Sizes of samples in bits that numbers of a computer have.
WHOLE, FLOATING = frozenset({8, 16, 32, 64}), frozenset({16, 32, 64})
NO_PREDICTOR, DIFFERENCES, FLOAT_DIFFERENCES = 1, 2, 3
_APART = 2
_FILL_ORDER, _SUBSAMPLING = 266, 530
_MOST_BITS, _MOST_SAMPLES = 64, 16
_USUAL_TILE = 1024 * 1024  # pixels: tiles of small pictures may be larger than these


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes in pixels; a `piece` is a strip or a tile, with its place and size in the file in bytes.

    `order` is that of the bytes, as numpy writes it.
    """

    width: int
    height: int
    bits: int
    samples: int
    kind: int
    photometric: int
    apart: bool
    predictor: int
    compression: int
    fill_order: int
    tiled: bool
    piece: tuple[int, int]
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    order: str
    extra: tuple[int, ...]
    colour_map: tuple[int, ...]

    @classmethod
    def of(cls, tags: Any) -> Self:
        """Read the tags. Raises PageUnsupported, and KeyError where one is missing."""
        width, height = tags[Tiff.IMAGEWIDTH], tags[Tiff.IMAGELENGTH]
        tiled = Tiff.TILEOFFSETS in tags
        rows = min(tags.get(Tiff.ROWSPERSTRIP, height), height)
        samples = tags.get(Tiff.SAMPLESPERPIXEL, 1)
        found = cls(
            width=width,
            height=height,
            bits=_one(tags.get(Tiff.BITSPERSAMPLE, (1,))),
            samples=samples,
            kind=_one(tags.get(Tiff.SAMPLEFORMAT, (UNSIGNED,))),
            photometric=tags.get(Tiff.PHOTOMETRIC_INTERPRETATION, WHITE_IS_ZERO),
            apart=tags.get(Tiff.PLANAR_CONFIGURATION, 1) == _APART and samples > 1,
            predictor=tags.get(Tiff.PREDICTOR, NO_PREDICTOR),
            compression=tags.get(Tiff.COMPRESSION, 1),
            fill_order=tags.get(_FILL_ORDER, 1),
            tiled=tiled,
            piece=(tags[Tiff.TILEWIDTH], tags[Tiff.TILELENGTH]) if tiled else (width, rows),
            offsets=tuple(tags[Tiff.TILEOFFSETS if tiled else Tiff.STRIPOFFSETS]),
            counts=tuple(tags[Tiff.TILEBYTECOUNTS if tiled else Tiff.STRIPBYTECOUNTS]),
            order="<" if tags.prefix == Tiff.II else ">",
            extra=tuple(tags.get(Tiff.EXTRASAMPLES, ())),
            colour_map=tuple(tags.get(Tiff.COLORMAP, ())),
        )
        subsampled = found.photometric == YCBCR and tuple(tags.get(_SUBSAMPLING, (2, 2))) != (1, 1)
        if subsampled or not found._understood:
            raise PageUnsupported
        return found

    @property
    def _understood(self) -> bool:
        """Whether the samples are of a kind that can be read, and of an agreed meaning."""
        kinds = {UNSIGNED: range(1, _MOST_BITS + 1), SIGNED: WHOLE, FLOAT: FLOATING}
        predictable = {NO_PREDICTOR: True, DIFFERENCES: self.bits in WHOLE, FLOAT_DIFFERENCES: self.kind == FLOAT}
        return (
            self.bits in kinds.get(self.kind, ())
            and COLOURS.get(self.photometric, _MOST_SAMPLES + 1) <= self.samples <= _MOST_SAMPLES
            and predictable.get(self.predictor, False)
            and min(self.piece) > 0
            and self.piece[0] * self.piece[1] <= 4 * max(self.width * self.height, _USUAL_TILE)
        )

    @property
    def samples_together(self) -> int:
        """How many samples of a pixel lie side by side in a piece."""
        return 1 if self.apart else self.samples

    def rows_in_file(self, index: int) -> int:
        """How many rows a piece really has: the last strip may have fewer than the others, and no tile has."""
        high = self.piece[1]
        if self.tiled:
            return high
        return min(high, self.height - index % -(-self.height // high) * high)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of a piece: each begins with a new one."""
        return -(-self.piece[0] * self.samples_together * self.bits // 8)


def _one(values: Any) -> int:
    """What all samples have in common. Raises PageUnsupported."""
    if len(set(values)) != 1:
        raise PageUnsupported
    return int(values[0])

"""A picture as an image object of a PDF (ISO 32000-1, 8.9.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

# How a picture lies on its page, by the value of EXIF's Orientation (TIFF 6.0, section 8): the matrix that takes the
# unit square in which PDF draws an image to the page as it is shown, in parts of the page's width and height.
_PLACEMENTS = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}
TURNED = frozenset({5, 6, 7, 8})  # width and height change places
_COMPONENTS = {"DeviceGray": 1, "DeviceRGB": 3, "DeviceCMYK": 4}
_ICC_SPACES = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}  # ICC.1:2010, table 19
_ICC_PLACE, _ICC_LEAST = slice(16, 20), 132


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's compressed bytes and what a reader has to know of them; sizes in pixels as they are stored.

    `space` is empty where the bytes say it themselves. `palette` are RGB triples. What is `profiled` keeps its profile
    however large that is.
    """

    width: int
    height: int
    bits: int
    space: str
    data: bytes
    filter: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    palette: bytes | None = None
    decode: tuple[int, ...] | None = None
    alpha: "Picture | None" = None
    icc: bytes | None = None
    orientation: int = 1
    profiled: bool = False

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height as it is shown, in pixels."""
        turned = self.orientation in TURNED
        return (self.height, self.width) if turned else (self.width, self.height)

    def matrix(self, width: float, height: float) -> tuple[float, ...]:
        """The matrix that draws it on a page of this size."""
        a, b, c, d, e, f = _PLACEMENTS.get(self.orientation, _PLACEMENTS[1])
        return a * width, b * height, c * width, d * height, e * width, f * height

    def stream(self, pdf: pikepdf.Pdf) -> pikepdf.Stream:
        """The image object."""
        stream = pdf.make_stream(
            b"",
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=self.width,
            Height=self.height,
            BitsPerComponent=self.bits,
        )
        stream.write(self.data, filter=Name("/" + self.filter), decode_parms=self._parameters())
        if self.space:
            stream.ColorSpace = self._space(pdf)
        if self.decode is not None:
            stream.Decode = Array(list(self.decode))
        if self.alpha is not None:
            stream.SMask = self.alpha.stream(pdf)
        return stream

    def _parameters(self) -> Dictionary | None:
        return Dictionary({f"/{name}": value for name, value in self.parameters.items()}) if self.parameters else None

    def _space(self, pdf: pikepdf.Pdf) -> pikepdf.Object:
        device = Name("/" + self.space)
        base: pikepdf.Object = device
        if self._icc_fits():
            profile = pdf.make_stream(self.icc or b"", N=_COMPONENTS[self.space], Alternate=device)
            base = Array([Name.ICCBased, profile])
        if self.palette is not None:
            return Array([Name.Indexed, base, len(self.palette) // 3 - 1, pikepdf.String(self.palette)])
        return base

    def _icc_fits(self) -> bool:
        """Whether there is a profile of this kind of colour, and it is not larger than it is worth."""
        icc = self.icc
        if icc is None or len(icc) < _ICC_LEAST:
            return False
        if not self.profiled and len(icc) > max(4096, len(self.data) // 20):
            return False
        return _ICC_SPACES.get(icc[_ICC_PLACE]) == _COMPONENTS[self.space]

"""TIFF by Pillow and libtiff; what Pillow has no mode for is read sample by sample."""

from io import BytesIO
from typing import IO, Any

from PIL import ExifTags, Image, ImageOps, JpegImagePlugin, TiffImagePlugin

from ocr_platform.errors import PageDamaged, PageUnsupported
from ocr_platform.ocr.grey import grey
from ocr_platform.ocr.samples import grey_of
from ocr_platform.ocr.tiff_layout import Layout

_INTEL_BIG_TIFF, _MOTOROLA_BIG_TIFF, _BIG_HEADER_BYTES = b"II+\0", b"MM\0+", 16
_BYTE, _DOUBLE_BYTE = 8, 16
_USUAL_BITS = frozenset({1, 2, 4, _BYTE, _DOUBLE_BYTE})
_OLD_JPEG, _OLD_JPEG_PLACE = 6, (513, 514)  # JPEGInterchangeFormat and its length
_WHITE_IS_ZERO, _UNSIGNED, _APART, _RAW = 0, 1, 2, 1
TURNED_BY_A_QUARTER = frozenset({5, 6, 7, 8})  # values of EXIF's Orientation
_SUBFILE, _REDUCED, _MASK = 254, 1, 4  # NewSubfileType, and two of its bits


class TiffFile(TiffImagePlugin.TiffImageFile):
    """A TIFF whose directories can all be gone through, whatever kind of picture they hold.

    A current one that is `unusual` has nothing that Pillow could load.
    """

    unusual = False
    _motorola_big_tiff = False

    def _open(self) -> None:
        """Read the header and the first directory. Pillow looks for the mark of BigTIFF where Intel's order has it."""
        assert self.fp is not None  # noqa: S101  Pillow's types allow for a file that was closed
        head = self.fp.read(_BIG_HEADER_BYTES)
        self.fp.seek(0)
        if not head.startswith(_MOTOROLA_BIG_TIFF):
            super()._open()
            return
        self._motorola_big_tiff = True
        self.tag_v2 = TiffImagePlugin.ImageFileDirectory_v2(_INTEL_BIG_TIFF + head[4:], prefix=TiffImagePlugin.MM)
        # As Pillow's own method does with what it found, for its other methods.
        self._TiffImageFile__first = self._TiffImageFile__next = self.tag_v2.next
        self._TiffImageFile__frame = -1
        self._fp, self._frame_pos = self.fp, []
        self._tag_data_remaining, self._tag_data_limits = self.fp.seek(0, 2), []
        self._seek(0)

    def _setup(self) -> None:
        """What Pillow does when it has read a directory: it gives up at the first that it has no mode for."""
        tags = self.tag_v2
        width, height = tags[TiffImagePlugin.IMAGEWIDTH], tags[TiffImagePlugin.IMAGELENGTH]
        self.info.pop("dpi", None)  # of the directory before, when this one has none
        # Pillow does not find what EXIF would say of a BigTIFF in Motorola's order, and gives up.
        self.unusual = self._motorola_big_tiff or _misread(tags)
        if not self.unusual:
            try:
                super()._setup()
            except (SyntaxError, KeyError):
                self.unusual = True
        if self.unusual:
            self._size = (height, width) if self.turned_by_a_quarter else (width, height)
            self._mode, self.tile = "L", []
            self._note_resolution()

    @property
    def turned_by_a_quarter(self) -> bool:
        """Whether what is across in the current directory is up and down in its page."""
        return self.tag_v2.get(ExifTags.Base.Orientation) in TURNED_BY_A_QUARTER

    @property
    def part_of_another(self) -> bool:
        """Whether the current directory is a page's small copy, or says which part of a page is seen."""
        return bool(int(self.tag_v2.get(_SUBFILE, 0)) & (_REDUCED | _MASK))

    def grey(self) -> Image.Image:
        """The current directory's picture as `grey` makes it, upright. Raises PageUnsupported, and as Pillow does."""
        if not self.unusual:
            self.load()  # this turns it, too
            return grey(self)
        assert self.fp is not None  # noqa: S101  as above
        if self.tag_v2.get(TiffImagePlugin.COMPRESSION) == _OLD_JPEG:
            image = _old_jpeg(self.tag_v2, self.fp)
        else:
            image = grey_of(Layout.of(self.tag_v2), self.fp)
        orientation = self.tag_v2.get(ExifTags.Base.Orientation, 1)
        image.getexif()[ExifTags.Base.Orientation] = orientation
        return ImageOps.exif_transpose(image)

    def _note_resolution(self) -> None:
        """As Pillow does at the end of what was not reached."""
        across, down = (self.tag_v2.get(tag) for tag in (TiffImagePlugin.X_RESOLUTION, TiffImagePlugin.Y_RESOLUTION))
        unit = self.tag_v2.get(TiffImagePlugin.RESOLUTION_UNIT, 2)
        if across and down and unit in (2, 3):
            scale = 2.54 if unit == 3 else 1.0  # noqa: PLR2004  TIFF 6.0: centimetres
            self.info["dpi"] = (across * scale, down * scale)


def _old_jpeg(tags: Any, file: IO[bytes]) -> Image.Image:
    """The grey picture that a directory points to as a whole (TIFF 6.0, section 22). Raises PageUnsupported."""
    try:
        place, size = (int(tags[tag]) for tag in _OLD_JPEG_PLACE)
    except KeyError:
        raise PageUnsupported from None
    file.seek(place)
    with JpegImagePlugin.JpegImageFile(BytesIO(file.read(size))) as image:
        if image.size != (tags[TiffImagePlugin.IMAGEWIDTH], tags[TiffImagePlugin.IMAGELENGTH]):
            raise PageDamaged  # it is not the one whose size was looked at
        return image.convert("L")


def _misread(tags: Any) -> bool:
    """What Pillow reads without complaint, and wrongly: upside down in brightness, cut off, or in the wrong order."""
    bits = set(tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,)))
    if not bits <= _USUAL_BITS or set(tags.get(TiffImagePlugin.SAMPLEFORMAT, (_UNSIGNED,))) != {_UNSIGNED}:
        return True
    if tags.get(TiffImagePlugin.COMPRESSION) == _OLD_JPEG and tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1) == 1:
        return True
    wide = max(bits, default=1) == _DOUBLE_BYTE
    apart = tags.get(TiffImagePlugin.PLANAR_CONFIGURATION) == _APART
    raw = tags.get(TiffImagePlugin.COMPRESSION, _RAW) == _RAW
    inverse = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO
    return wide and (inverse or (apart and raw))

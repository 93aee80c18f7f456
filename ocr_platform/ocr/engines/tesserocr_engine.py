"""libtesseract in this process: the models stay loaded, one recognition gives the text and the words."""

import resource
import struct
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from tesserocr import OEM, PSM, PT, RIL, PyResultIterator, PyTessBaseAPI, get_languages, iterate_level

from ocr_platform.errors import EngineMissing, PageTimeout, RecognitionFailed
from ocr_platform.models import EngineName, Word
from ocr_platform.ocr.engines import AS_USUAL, Command, Manner, Recognition
from ocr_platform.ocr.pages import PageImage

_MILLISECONDS = 1000
_FILE_HEADER = struct.Struct("<2sIII")
_IMAGE_HEADER = struct.Struct("<IiiHHIIiiII")
_BLACK_AND_WHITE = bytes((0, 0, 0, 0, 255, 255, 255, 0))
# Blocks without text. tesseract/publictypes.h, PolyBlockType; GetUTF8Text of libtesseract leaves out the same.
_PICTURES = frozenset({PT.FLOWING_IMAGE, PT.HEADING_IMAGE, PT.PULLOUT_IMAGE, PT.HORZ_LINE, PT.VERT_LINE, PT.NOISE})


class TesserocrEngine:
    """Implements `OcrEngine`. Sets of models that were used last stay loaded within `cache_bytes` of memory."""

    name = EngineName.TESSEROCR

    def __init__(self, models: Path, cache_bytes: int) -> None:
        self._models = models
        self._cache_bytes = cache_bytes
        self._loaded: OrderedDict[str, tuple[PyTessBaseAPI, int]] = OrderedDict()

    def command(self) -> Command | None:
        """None is started."""
        return None

    def languages(self) -> frozenset[str]:
        """Models in the directory."""
        found = frozenset(get_languages(str(self._models))[1])
        if not found:
            raise EngineMissing
        return found

    def prepare(self, languages: str) -> None:
        """Load a set of models, and let go of those that were not used for longest when there is no room."""
        if languages in self._loaded:
            self._loaded.move_to_end(languages)
            return
        before = _resident_bytes()
        try:
            api = PyTessBaseAPI(path=str(self._models), lang=languages, psm=PSM.AUTO, oem=OEM.DEFAULT)
        except RuntimeError as exc:
            self.languages()  # without a single model it is not this one that is at fault
            raise RecognitionFailed from exc
        self._loaded[languages] = (api, max(0, _resident_bytes() - before))
        while len(self._loaded) > 1 and sum(size for _api, size in self._loaded.values()) > self._cache_bytes:
            _name, (oldest, _size) = self._loaded.popitem(last=False)
            oldest.End()

    def recognise(self, page: PageImage, languages: str, timeout: float, manner: Manner = AS_USUAL) -> Recognition:
        """Recognise in this process. What libtesseract made of the page stays until `clear`, or the next page."""
        self.prepare(languages)
        api, _size = self._loaded[languages]
        ends = time.monotonic() + timeout
        # What it has to say goes to a file that it opens at the first word: a segmentation fault where none can be
        # opened. To stderr, then, which is open.
        api.SetVariable("debug_file", "")
        api.SetPageSegMode(manner.segmentation)
        api.SetVariable("tessedit_do_invert", "1" if manner.inverse else "0")
        try:
            set_image(api, page)
            if not api.Recognize(max(1, int(timeout * _MILLISECONDS))):
                raise PageTimeout if time.monotonic() >= ends else RecognitionFailed
            return read_out(api, page)
        except RuntimeError as exc:
            raise RecognitionFailed from exc

    def clear(self) -> None:
        """Images and results, 3 ms for a page of print; the models stay."""
        for api, _size in self._loaded.values():
            api.Clear()


def set_image(api: PyTessBaseAPI, page: PageImage) -> None:
    """Hand the pixels over as they are: black-and-white pages need no thresholding.

    One bit a pixel goes as a bitmap file, which leptonica takes by the row; libtesseract would copy every pixel.
    """
    image = page.image
    if image.mode == "1":
        api.SetImageBytesBmp(_bitmap(image))
    else:
        api.SetImageBytes(image.tobytes(), image.width, image.height, 1, image.width)
    if page.dpi:
        api.SetSourceResolution(page.dpi)


def _bitmap(image: Image.Image) -> bytes:
    """An image of mode 1 as a BMP file without a resolution: Pillow's own would claim 96 dpi, and asks for a directory.

    [MS-WMF] 2.2.2.3 and 2.2.2.9: rows from the bottom, padded to four bytes; two colours, black and white.
    """
    row = -(-image.width // 32) * 4
    pixels = image.tobytes("raw", "1", row, -1)
    start = _FILE_HEADER.size + _IMAGE_HEADER.size + len(_BLACK_AND_WHITE)
    return b"".join(
        (
            _FILE_HEADER.pack(b"BM", start + len(pixels), 0, start),
            _IMAGE_HEADER.pack(_IMAGE_HEADER.size, image.width, image.height, 1, 1, 0, len(pixels), 0, 0, 2, 2),
            _BLACK_AND_WHITE,
            pixels,
        )
    )


def read_out(api: PyTessBaseAPI, page: PageImage) -> Recognition:
    """What was recognised. Raises RuntimeError."""
    return Recognition("".join(_paragraphs(api)), tuple(_words(api, page)))


def _paragraphs(api: PyTessBaseAPI) -> Iterator[str]:
    """The text, paragraph by paragraph, each with an empty line behind it.

    The same as GetUTF8Text, which takes fifty times as long, but for a line feed at the end of a page.
    """
    for item in _items(api, RIL.PARA):
        if not item.Empty(RIL.PARA) and item.BlockType() not in _PICTURES:
            yield item.GetUTF8Text(RIL.PARA)


def _words(api: PyTessBaseAPI, page: PageImage) -> Iterator[Word]:
    """Words with their places; blocks, paragraphs and lines are counted as in Tesseract's TSV, each from 1."""
    block = paragraph = line = 0
    last: object = None
    for item in _items(api, RIL.WORD):
        baseline = item.Baseline(RIL.TEXTLINE)
        # To ask where something begins takes longer than all else here: it is asked once a line. Pictures share theirs.
        if baseline != last or item.BlockType() in _PICTURES:
            if item.IsAtBeginningOf(RIL.BLOCK):
                block, paragraph = block + 1, 0
            if item.IsAtBeginningOf(RIL.PARA):
                paragraph, line = paragraph + 1, 0
            if item.IsAtBeginningOf(RIL.TEXTLINE):
                line += 1
            last = baseline
        if item.Empty(RIL.WORD):
            continue
        text = item.GetUTF8Text(RIL.WORD)
        box = item.BoundingBox(RIL.WORD)
        if not text.strip() or box is None:
            continue
        left, top, right, bottom = box
        left, top = max(left, 0), max(top, 0)
        width, height = min(right, page.image.width) - left, min(bottom, page.image.height) - top
        confidence = min(100.0, max(0.0, item.Confidence(RIL.WORD)))
        yield Word(text, left, top, width, height, round(confidence, 2), block, paragraph, line)


def _items(api: PyTessBaseAPI, level: int) -> Iterator[PyResultIterator]:
    """What was found, in the order of reading; nothing on an empty page."""
    found = api.GetIterator()
    return iter(iterate_level(found, level)) if found else iter(())


def _resident_bytes() -> int:
    """Resident memory of this process in bytes (proc(5), statm: in pages)."""
    return int(Path("/proc/self/statm").read_bytes().split()[1]) * resource.getpagesize()

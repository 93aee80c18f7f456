"""A second recogniser: PP-OCR's networks by RapidOCR on ONNX Runtime, in this process; they ship in its wheel.

RapidOCR finds the lines. Each is then cut from the page as it is, not from the smaller copy that lines are looked for
in, and only those are recognised that somebody asks for: recognising takes four fifths of its time. Lines that run up
or down the page are left out.
"""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rapidocr
from numpy.typing import NDArray
from PIL import Image
from rapidocr import RapidOCR
from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError
from rapidocr.utils.process_img import get_rotate_crop_image

from ocr_platform.errors import EngineMissing, RecognitionFailed
from ocr_platform.ocr.engines.lines import Box, SeenLine, SeenWord

# Longest side, in pixels, of the copy that lines are looked for in, and by how much a small page is enlarged for it.
# RapidOCR's own bound is 2000: a third of a gigabyte more, and three times as long, for the same lines.
_DETECT_SIDE, _MOST_ENLARGED = 1280, 2.0
_STRIDE = 32  # of the detector's network
_BATCH = 6  # lines that are recognised together
_NOTHING = 0  # the class of "no character" in connectionist temporal classification
_PARAMS = {
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
    "Global.use_cls": False,
    "Det.limit_type": "max",
    "Det.limit_side_len": _DETECT_SIDE,
    "Global.log_level": "critical",
}
_TALL = 1.5  # RapidOCR takes a strip this many times as high as wide for letters that lie on their side
_LONGEST = 100.0  # times its height: no line of print is longer, and the memory that a strip takes grows with it

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


class RapidOcrEngine:
    """Reads Latin script, digits and Chinese. Made before a fork, it works after it: it starts no thread of its own.

    Raises EngineMissing when there are no networks beside the library: it would fetch them.
    """

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        engine: Any = RapidOCR(params={**_PARAMS, "Det.model_path": _network("det"), "Rec.model_path": _network("rec")})
        # A page of our own loads both networks, and whatever else their libraries load when it is first needed.
        engine(_sample())
        self._detector: Any = engine.text_det
        self._recogniser: Any = engine.text_rec
        self._characters: list[str] = self._recogniser.postprocess_op.character
        # What loading took beside the networks themselves; each fork would begin with it.
        ctypes.CDLL(None).malloc_trim(0)

    def detect(self, image: Image.Image) -> list[Floats]:
        """Lines of a grey or black-and-white page: the corners of each, four times x and y in pixels.

        Raises RecognitionFailed.
        """
        with _translated_errors():
            return self._lines(_pixels(image))

    def _lines(self, pixels: Pixels) -> list[Floats]:
        height, width = pixels.shape[:2]
        scale = min(_MOST_ENLARGED, _DETECT_SIDE / max(height, width))
        small_width, small_height = (max(1, round(side * scale / _STRIDE)) * _STRIDE for side in (width, height))
        small = cv2.resize(pixels, (small_width, small_height), interpolation=cv2.INTER_AREA)
        found = self._detector(small).boxes
        factors = np.array((width / small_width, height / small_height), np.float32)
        return [] if found is None else [np.asarray(corners, np.float32) * factors for corners in found]

    def recognise(self, image: Image.Image, lines: Sequence[Floats]) -> Iterator[list[SeenLine]]:
        """Read those lines of a page, some at a time, the shortest first; lines without a word are left out.

        Raises RecognitionFailed.
        """
        with _translated_errors():
            yield from self._read_all(_pixels(image), lines)

    def _read_all(self, pixels: Pixels, lines: Sequence[Floats]) -> Iterator[list[SeenLine]]:
        strips = [(corners, get_rotate_crop_image(pixels, corners.copy())) for corners in lines if _lies(corners)]
        size = (pixels.shape[1], pixels.shape[0])
        strips.sort(key=lambda each: each[1].shape[1] / each[1].shape[0])
        for first in range(0, len(strips), _BATCH):
            batch = strips[first : first + _BATCH]
            read = self._read([strip for _corners, strip in batch])
            found = (_line(corners, words, size) for (corners, _strip), words in zip(batch, read, strict=True))
            yield [line for line in found if line is not None]

    def _read(self, strips: list[Pixels]) -> Iterator[list[tuple[str, float, float, float]]]:
        """Words of each strip: text, begin and end as shares of its width, score."""
        _channels, height, least = self._recogniser.rec_image_shape
        ratios = [strip.shape[1] / strip.shape[0] for strip in strips]
        widest = max(least / height, *ratios)
        images = np.stack([self._recogniser.resize_norm_img(strip, widest) for strip in strips])
        odds = self._recogniser.session(images.astype(np.float32))
        for each, ratio in zip(odds, ratios, strict=True):
            yield self._words(each, ratio / widest)

    def _words(self, odds: Floats, used: float) -> list[tuple[str, float, float, float]]:
        """Characters of the steps of one strip, of which a share `used` is not padding, parted at blanks."""
        classes, best = odds.argmax(axis=1), odds.max(axis=1)
        kept = [
            step for step in range(len(classes)) if classes[step] not in (_NOTHING, classes[step - 1] if step else -1)
        ]
        steps = max(1.0, len(classes) * used)
        words: list[tuple[str, float, float, float]] = []
        begun: list[int] = []
        for step in [*kept, None]:
            if step is not None and not self._characters[classes[step]].isspace():
                begun.append(step)
            elif begun:
                text = "".join(self._characters[classes[each]] for each in begun)
                score = float(np.mean([best[each] for each in begun]))
                words.append((text, begun[0] / steps, min(1.0, (begun[-1] + 1) / steps), score))
                begun = []
        return words


def _pixels(image: Image.Image) -> Pixels:
    """As the networks take it: three channels of the same grey."""
    return np.asarray(image.convert("RGB"))


def _lies(corners: Floats) -> bool:
    """Whether a line has any area, and runs across the page."""
    upper_left, upper_right, _lower_right, lower_left = corners
    width, height = np.linalg.norm(upper_left - upper_right), np.linalg.norm(upper_left - lower_left)
    return bool(height >= 1 and height / _TALL < width <= _LONGEST * height)


def _network(task: str) -> str:
    """The file of the network that finds lines (`det`) or reads them (`rec`). Raises EngineMissing."""
    found = sorted((Path(rapidocr.__file__).parent / "models").glob(f"*_{task}_*.onnx"))
    if not found:
        raise EngineMissing
    return str(found[-1])


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Both libraries say with errors of their own that they had no memory, or met a shape that they cannot take."""
    try:
        yield
    except (ONNXRuntimeError, cv2.error, MemoryError, ValueError) as exc:
        raise RecognitionFailed from exc


def _line(corners: Floats, words: list[tuple[str, float, float, float]], size: tuple[int, int]) -> SeenLine | None:
    """A strip's words with their boxes on the page."""
    if not words:
        return None
    upper_left, upper_right, lower_right, lower_left = corners
    found = []
    for text, begin, end, score in words:
        spots = [
            a + (b - a) * share
            for a, b in ((upper_left, upper_right), (lower_left, lower_right))
            for share in (begin, end)
        ]
        box = _bounds(np.stack(spots), size)
        found.append(SeenWord(text, box, min(1.0, max(0.0, score))))
    return SeenLine(_bounds(corners, size), tuple(found))


def _bounds(points: Floats, size: tuple[int, int]) -> Box:
    left, top = np.floor(points.min(axis=0))
    right, bottom = np.ceil(points.max(axis=0))
    width, height = size
    x, y = min(max(0, int(left)), width - 1), min(max(0, int(top)), height - 1)
    return x, y, max(x + 1, min(int(right), width)), max(y + 1, min(int(bottom), height))


def _sample() -> Pixels:
    """A white page with a word on it."""
    page = np.full((160, 480, 3), 255, np.uint8)
    cv2.putText(page, "sample", (40, 100), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (0, 0, 0), 4)
    return page

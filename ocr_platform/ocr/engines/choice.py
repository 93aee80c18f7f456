"""Which recognisers a sandbox has: the one that was asked for, or the fastest that is installed, and a second."""

import os
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from ocr_platform.errors import EngineMissing
from ocr_platform.models import EngineName
from ocr_platform.ocr.engines import OcrEngine
from ocr_platform.ocr.engines.tessdata import tessdata_dir
from ocr_platform.ocr.second import LineReader


def make_engine(wanted: EngineName, scratch: Path, model_cache_bytes: int) -> OcrEngine:
    """The engine. Raises EngineMissing. Libraries are imported here, so that the other one need not be installed."""
    models = tessdata_dir()
    if wanted is not EngineName.PYTESSERACT and models is not None and find_spec("tesserocr"):
        from ocr_platform.ocr.engines.tesserocr_engine import TesserocrEngine

        return TesserocrEngine(models, model_cache_bytes)
    if wanted is EngineName.TESSEROCR:
        raise EngineMissing
    from ocr_platform.ocr.engines.pytesseract_engine import PytesseractEngine

    return PytesseractEngine(scratch, models)


class SecondReader:
    """The second recogniser, loaded when it is first asked for: libraries and networks take 0.1 GB and some seconds."""

    def __init__(self) -> None:
        self._reader: LineReader | None = None
        self._tried = False

    def load(self) -> LineReader | None:
        """The reader; None without the extra `accurate`, or when it does not load.

        ONNX Runtime tells its makers about every process that imports it, and starts a thread for that, unless the
        environment says otherwise (its Privacy.md): where it does not, the library stays unused.
        """
        if not self._tried:
            self._tried = True
            quiet = os.environ.get("ORT_DISABLE_TELEMETRY") == "1"
            if quiet and all(map(find_spec, ("rapidocr", "onnxruntime", "cv2"))):
                # A library that does not load on this machine is as good as missing: a page is read without it.
                with suppress(EngineMissing, ImportError, OSError, RuntimeError, ValueError):
                    from ocr_platform.ocr.engines.rapidocr_engine import RapidOcrEngine

                    self._reader = RapidOcrEngine()
        return self._reader

"""Which recogniser a sandbox has: the one that was asked for, or the fastest that is installed."""

from importlib.util import find_spec
from pathlib import Path

from ocr_platform.errors import EngineMissing
from ocr_platform.models import EngineName
from ocr_platform.ocr.engines import OcrEngine
from ocr_platform.ocr.engines.tessdata import tessdata_dir


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

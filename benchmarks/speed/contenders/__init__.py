"""What is compared: the platform and the programs that people use for the same work."""

from benchmarks.speed.contenders.base import Contender, ContenderFailed, Ground, NotInstalled, Turn
from benchmarks.speed.contenders.celery_pytesseract import CeleryPytesseract
from benchmarks.speed.contenders.kreuzberg import Kreuzberg
from benchmarks.speed.contenders.ocrmypdf import Ocrmypdf
from benchmarks.speed.contenders.platform import PlatformWorker
from benchmarks.speed.contenders.tesseract import TesseractCommand

__all__ = ["CONTENDERS", "DEFAULT", "Contender", "ContenderFailed", "Ground", "NotInstalled", "Turn"]

_ALL: tuple[Contender, ...] = (
    PlatformWorker("platform", "**ocr_platform**, documents of many pages", one_page_each=False),
    PlatformWorker("platform-pages", "**ocr_platform**, each page a document", one_page_each=True),
    TesseractCommand("tesseract", "Tesseract, two commands at a time", thread_limit=1),
    Ocrmypdf(),
    Kreuzberg(),
    CeleryPytesseract(),
    TesseractCommand("tesseract-as-typed", "Tesseract, two at a time, threads as it likes", thread_limit=None),
)
CONTENDERS = {contender.name: contender for contender in _ALL}
DEFAULT = ("platform", "platform-pages", "tesseract", "ocrmypdf", "kreuzberg", "pytesseract")

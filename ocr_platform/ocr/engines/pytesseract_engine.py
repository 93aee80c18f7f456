"""The `tesseract` command through pytesseract: one run a page gives the text and the words."""

import errno
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytesseract import TesseractError, TesseractNotFoundError, get_languages
from pytesseract.pytesseract import run_tesseract

from ocr_platform.errors import EngineMissing, PageMemory, PageTimeout, RecognitionFailed, ScratchFull
from ocr_platform.models import EngineName, Word
from ocr_platform.ocr.engines import AS_USUAL, Command, Manner, Recognition
from ocr_platform.ocr.pages import PageImage

_OUTPUTS = "-c tessedit_create_txt=1 -c tessedit_create_tsv=1"
_WORD_LEVEL = "5"  # column `level` of Tesseract's TSV: 1 page, 2 block, 3 paragraph, 4 line, 5 word
_COLUMNS = 12
_OUTPUT_BYTES = 8 * 1024 * 1024  # text and table of the fullest page, several times over
_MARGIN_BYTES = 64 * 1024
# Measured with Tesseract 5.3 on a grey page of 90 million pixels: below 3.3 bytes a pixel it came out without its text.
_BYTES_A_PIXEL = 4
_COMMAND_BYTES = 64 * 1024 * 1024
# What a process that ran out of its address space ends with: std::bad_alloc aborts, or a null pointer is used.
_MEMORY_SIGNALS = frozenset({-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGKILL})
_LIBRARY = re.compile(r"=>\s+(/\S+) \(0x")
_LOADER = re.compile(r"^\s*(/\S+) \(0x", re.MULTILINE)
_LOADER_CACHE = Path("/etc/ld.so.cache")  # ld.so(8)


class PytesseractEngine:
    """Implements `OcrEngine`. `temp_dir` should be in memory: Tesseract reads and writes plaintext there."""

    name = EngineName.PYTESSERACT

    def __init__(self, temp_dir: Path, models: Path | None = None) -> None:
        self._temp_dir = temp_dir
        self._models = models
        self._languages: frozenset[str] | None = None

    def command(self) -> Command | None:
        """`tesseract`, its libraries as the dynamic loader finds them, and its models."""
        program = shutil.which("tesseract")
        if program is None:
            raise EngineMissing
        listed = _libraries(program)
        models = () if self._models is None else (self._models,)
        return Command(
            runs=(Path(program), *map(Path, _LOADER.findall(listed))),
            reads=(*map(Path, _LIBRARY.findall(listed)), *models, _LOADER_CACHE),
        )

    def languages(self) -> frozenset[str]:
        """Ask the command once."""
        if self._languages is None:
            with _translated_errors():
                self._languages = frozenset(_installed())
        if not self._languages:
            raise EngineMissing
        return self._languages

    def prepare(self, languages: str) -> None:  # noqa: ARG002  the command loads them by itself
        """The command loads its models itself, for each page; that there is one is found out here."""
        self.languages()

    def recognise(self, page: PageImage, languages: str, timeout: float, manner: Manner = AS_USUAL) -> Recognition:
        """Run the command on an uncompressed copy of the page in a directory of its own."""
        config = _options(page.dpi, manner)
        _require_memory(page.image.width * page.image.height)
        self._require_space(page.image.width * page.image.height + _OUTPUT_BYTES)
        with _translated_errors(), tempfile.TemporaryDirectory(dir=self._temp_dir) as folder:
            image, output = Path(folder, "page.pnm"), Path(folder, "page")
            page.image.save(image)
            run_tesseract(str(image), str(output), "txt tsv", languages, config, timeout=timeout)
            text = output.with_suffix(".txt").read_text(encoding="utf-8")
            table = output.with_suffix(".tsv").read_text(encoding="utf-8")
            # The command says nothing of output that it could not write.
            self._require_space(_MARGIN_BYTES)
        return Recognition(text.removesuffix("\f"), tuple(_words(table)))

    def clear(self) -> None:
        """Nothing of a page is left: the command has ended."""

    def _require_space(self, size: int) -> None:
        """Raise ScratchFull unless the directory has room for so many bytes more."""
        there = os.statvfs(self._temp_dir)
        if there.f_bavail * there.f_frsize < size:
            raise ScratchFull


def _options(dpi: int, manner: Manner) -> str:
    """The command's options; what is as usual is left to it."""
    resolution = f"--dpi {dpi} " if dpi else ""
    inverse = "" if manner.inverse else " -c tessedit_do_invert=0"
    return f"{resolution}--psm {int(manner.segmentation)} {_OUTPUTS}{inverse}"


def _require_memory(pixels: int) -> None:
    """Raise PageMemory for a page that the command would lose text of: what it says then is not passed on."""
    limit, _hard = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and pixels * _BYTES_A_PIXEL + _COMMAND_BYTES > limit:
        raise PageMemory


def _libraries(program: str) -> str:
    """What ldd(1) prints: the loader starts the program as far as its libraries, and lists them."""
    traced = {**os.environ, "LD_TRACE_LOADED_OBJECTS": "1"}
    try:
        listed = subprocess.run([program], env=traced, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as exc:
        raise EngineMissing from exc
    return listed.stdout


def _installed() -> list[str]:
    try:
        return list(get_languages())
    except TesseractNotFoundError:
        # pytesseract says so of a command that was killed, too.
        return list(get_languages())


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except TesseractNotFoundError as exc:
        raise EngineMissing from exc
    except TesseractError as exc:
        raise (PageMemory if exc.status in _MEMORY_SIGNALS else RecognitionFailed) from exc
    except OSError as exc:
        if exc.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ScratchFull from exc
    except RuntimeError as exc:  # pytesseract's only sign of a timeout
        raise PageTimeout from exc


def _words(table: str) -> Iterator[Word]:
    """Words of a TSV table; rows of other levels, and words of white space alone, are left out."""
    for row in table.split("\n"):
        cells = row.split("\t", _COLUMNS - 1)
        if len(cells) != _COLUMNS or cells[0] != _WORD_LEVEL or not cells[-1].strip():
            continue
        block, paragraph, line, _word, left, top, width, height = map(int, cells[2:10])
        confidence = min(100.0, max(0.0, float(cells[10])))
        yield Word(cells[11], left, top, width, height, confidence, block, paragraph, line)

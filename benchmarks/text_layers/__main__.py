"""Milliseconds a page for a long born-digital PDF beside `pdftotext`, and whether both say the same words.

python -m benchmarks.text_layers [FILE.pdf…]      default: a document of 300 pages that is made for it
python -m benchmarks.text_layers letters          the table of pairs of letters, from Debian's lists of words
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Table, machine
from benchmarks.text_layers.document import document
from benchmarks.text_layers.letters import table
from ocr_platform.models import OcrMode, PageResult, Reading
from ocr_platform.ocr.engines.pytesseract_engine import PytesseractEngine
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.pdf import PdfPages
from ocr_platform.ocr.reading import read_page

_PAGES = 300
_LIMITS = Limits(10_000, 10**8, 10**13, 200.0, 300)
_READING = Reading(OcrMode.SKIP)
_HYPHENATED = re.compile(r"(\w)-\n+(\w)")
_NOTE = """\
CPU time of one process. `ours` opens the document and reads each page as a sandbox does; `with JSON` adds the message
that it answers with. The programs start up once. `words` are those that both have, whatever their order, of all that
`pdftotext` has: words that are parted at the end of a line are joined in both, as `pdftotext` does by itself."""


def main(arguments: Sequence[str]) -> int:
    """Measure, and print a table; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE.pdf")
    given = parser.parse_args(arguments)
    if given.files == ["letters"]:
        sys.stdout.write("\n".join(table()) + "\n")
        return 0
    bodies = {name: Path(name).read_bytes() for name in given.files} or {"made for it": document(_PAGES)}
    rows = [_row(Path(name).name, body) for name, body in bodies.items()]
    columns = ["document", "pages", "words a page", "ours, ms a page", "with JSON", "`pdftotext`, ms a page", "words"]
    sys.stdout.write(f"Measured on {machine()}.\n\n{Table('Text layers', columns, rows, _NOTE).markdown()}")
    return 0


def _row(name: str, body: bytes) -> list[str]:
    with os.fdopen(os.memfd_create("document"), "w+b") as file:
        file.write(body)
        file.flush()
        started = time.process_time()
        pages = PdfPages(file, _LIMITS)
        results = [_read(pages, number) for number in range(1, pages.count() + 1)]
        read = time.process_time() - started
        for result in results:
            json.dumps(result.as_dict())
        sent = time.process_time() - started
        peer, text = _pdftotext(f"/proc/{os.getpid()}/fd/{file.fileno()}")
    each = 1000 / len(results)
    words = sum(len(result.words) for result in results)
    return [
        name,
        str(len(results)),
        f"{words / len(results):.0f}",
        f"{read * each:.1f}",
        f"{sent * each:.1f}",
        f"{peer * each:.1f}" if text else "not installed",
        _shared([result.text for result in results], text) if text else "",
    ]


def _read(pages: PdfPages, number: int) -> PageResult:
    return read_page(pages, number, _READING, PytesseractEngine(Path()), "eng", time.monotonic())


def _pdftotext(path: str) -> tuple[float, str]:
    """CPU seconds and text; none where it is not installed."""
    program = shutil.which("pdftotext")
    if program is None:
        return 0.0, ""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([program, path, "-"], check=True, capture_output=True, text=True)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def _shared(ours: Sequence[str], theirs: str) -> str:
    counts = [Counter(_HYPHENATED.sub(r"\1\2", text).split()) for text in ("\n\n".join(ours), theirs)]
    return f"{(counts[0] & counts[1]).total()} of {counts[1].total()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The same pages turned, leaning, smaller, larger, in shadow and out of focus: character error beside `tesseract`'s.

    python -m benchmarks.accuracy.robustness [--pages N] [--json FILE] [--plot FILE.png]

Reads the corpus (OCR_CORPUS, or shared/corpus beside the checkout). The engine and the preparation run in this process;
the command reads the same pixels from a file. Edit distance and plot need what `scripts/peers` installs.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.accuracy.changes import CHANGES
from benchmarks.report import machine
from benchmarks.speed.accuracy import Reading
from benchmarks.speed.corpus import Page, default_corpus, installed_models, read_corpus, readable
from benchmarks.speed.images import decoded
from benchmarks.speed.peer_environment import ROOT, peer_program, peer_script
from ocr_platform.models import Quality
from ocr_platform.ocr.engines.tesserocr_engine import TesserocrEngine
from ocr_platform.ocr.pages import PageImage
from ocr_platform.ocr.tries import read_in_tries

_TOOLS = ("platform", "tesseract")
_PAGE_SECONDS = 600.0
_CACHE_BYTES = 256 * 1024 * 1024
_DPI = 300
_WORDS = range(100, 190)


@dataclass(frozen=True, slots=True)
class Point:
    """Mean character error rate over the pages, and CPU seconds a page, at one level of one change."""

    change: str
    level: float
    tool: str
    character_error_rate: float
    cpu_seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, write what is asked for; the exit code."""
    parser = argparse.ArgumentParser("benchmarks.accuracy.robustness", description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=4, metavar="N", help="so many pages of the corpus (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them there, as PNG")
    given = parser.parse_args(arguments)
    if peer_program("python") is None:
        parser.error("the edit distance needs what scripts/peers installs")
    os.environ["OMP_THREAD_LIMIT"] = "1"
    folder, models = installed_models()
    pages = _chosen(given.pages, models)
    points = _points(pages, TesserocrEngine(folder, _CACHE_BYTES))
    report: dict[str, object] = {
        "machine": machine(),
        "pages": [page.id for page in pages],
        "titles": {name: change.title for name, change in CHANGES.items()},
        "points": [asdict(point) for point in points],
    }
    sys.stdout.write(_table(points))
    if given.json:
        given.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    if given.plot:
        draw(report, given.plot.resolve())
    return 0


def draw(report: Mapping[str, object], path: Path) -> None:
    """Have the plot drawn where matplotlib is installed."""
    command = [str(peer_program("python")), "-m", "benchmarks.accuracy.robustness_plot", str(path)]
    subprocess.run(command, cwd=ROOT, input=json.dumps(report), text=True, check=True)  # noqa: S603  our own script


def _chosen(many: int, models: Sequence[str]) -> list[Page]:
    """Pages whose order of reading is known, evenly over the corpus, so that each kind has its turn.

    Of so many words that one page more or less says little, and that all of their forms are read within minutes.
    """
    pages = [
        page
        for page in readable(read_corpus(default_corpus()), models)
        if page.in_order and page.dpi == _DPI and len(page.truth.split()) in _WORDS
    ]
    step = max(1, len(pages) // many)
    return pages[step // 2 :: step][:many]


def _points(pages: Sequence[Page], engine: TesserocrEngine) -> list[Point]:
    readings: dict[str, list[Reading]] = {}
    seconds: dict[str, float] = {}
    keys: dict[str, tuple[str, float, str]] = {}
    for page in pages:
        for name, level, changed in _variants(page):
            for tool in _TOOLS:
                key = f"{name} {level} {tool}"
                started = _cpu_seconds()
                text = _read(changed, page.languages, engine) if tool == "platform" else _said(changed, page.languages)
                keys[key] = (name, level, tool)
                seconds[key] = seconds.get(key, 0.0) + _cpu_seconds() - started
                readings.setdefault(key, []).append(Reading(page.truth, text, in_order=True))
            sys.stderr.write(f"\r{page.id[:40]:40} {name} {level:g}        ")
    given = {key: [asdict(reading) for reading in each] for key, each in readings.items()}
    found = peer_script("accuracy", given)
    return [Point(*keys[key], found[key]["character_error_rate"], round(seconds[key] / len(pages), 2)) for key in keys]


def _variants(page: Page) -> Iterator[tuple[str, float, PageImage]]:
    image = PageImage(decoded(page.path).image.convert("L"), _DPI)
    for name, change in CHANGES.items():
        for level in change.levels:
            yield name, level, change.made(image, level)


def _read(page: PageImage, languages: str, engine: TesserocrEngine) -> str:
    ends = time.monotonic() + _PAGE_SECONDS
    engine.prepare(languages)
    return read_in_tries(page, languages, Quality.BALANCED, engine, ends).recognition.text


def _said(page: PageImage, languages: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.png")
        page.image.save(path, dpi=(page.dpi, page.dpi), compress_level=1)
        command = ["tesseract", str(path), "-", "-l", languages]
        done = subprocess.run(command, check=True, capture_output=True, timeout=_PAGE_SECONDS)  # noqa: S603
    return done.stdout.decode()


def _cpu_seconds() -> float:
    """Of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _table(points: Sequence[Point]) -> str:
    """Markdown: a row a level."""
    rows = [
        "| change | level | platform CER | tesseract CER | platform CPU s | tesseract CPU s |",
        "|---|" + "--:|" * 5,
    ]
    by_key = {(point.change, point.level, point.tool): point for point in points}
    for name, change in CHANGES.items():
        for level in change.levels:
            ours, theirs = (by_key[name, level, tool] for tool in _TOOLS)
            rows.append(
                f"| {name} | {level:g} | {ours.character_error_rate:.4f} | {theirs.character_error_rate:.4f} "
                f"| {ours.cpu_seconds:.2f} | {theirs.cpu_seconds:.2f} |"
            )
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())

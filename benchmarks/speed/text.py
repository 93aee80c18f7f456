"""Whether the platform's engine reads better or worse than the `tesseract` command, which is another version.

On few pages a single one decides which mean is lower. Here both read every page, and every page changed a little in
ways that do no harm; differences are those of the same pixels.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from benchmarks.report import machine
from benchmarks.speed.accuracy import Reading
from benchmarks.speed.corpus import Page, installed_models
from benchmarks.speed.facts import models, models_table, versions
from benchmarks.speed.images import AS_IT_IS, VARIANTS, decoded, pnm
from benchmarks.speed.paired import RESAMPLES, SEED, Figures, Pair
from benchmarks.speed.paired_tables import paired_tables
from benchmarks.speed.peer_environment import peer_program, peer_script
from benchmarks.speed.selection import ANY, add_selection, chosen_pages
from ocr_platform.ocr.engines.tesserocr_engine import TesserocrEngine
from ocr_platform.ocr.pages import PageImage

_PATIENCE_SECONDS = 600.0  # for one image; it is there to end a run that hangs
_NAMES = {"none": (AS_IT_IS,), "all": tuple(VARIANTS)}


@dataclass(frozen=True, slots=True)
class Texts:
    """What both read of a page in one of its variants."""

    variant: str
    engine: str
    command: str


def measure_text(arguments: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Read all pages with both and print tables; the exit code."""
    add_selection(parser, dpi=ANY, languages=ANY)
    add = parser.add_argument
    add("--variants", choices=_NAMES, default="all", help="pages as they are, or changed too (default: %(default)s)")
    add("--limit", type=int, metavar="N", help="the first N of these pages alone")
    add("--jobs", type=int, default=2, metavar="N", help="pages at a time (default: %(default)s)")
    add("--json", type=Path, metavar="FILE", help="write the figures of every reading there, no text of any page")
    given = parser.parse_args(arguments)
    if peer_program("python") is None:
        parser.error("the edit distance needs what scripts/peers installs")
    folder, installed = installed_models()
    pages = chosen_pages(given, given.limit, installed, parser)
    texts = _read(pages, _NAMES[given.variants], folder, given.jobs)
    pairs = _pairs(pages, texts)
    found = versions()
    used = models(folder, {language for page in pages for language in page.languages.split("+")})
    if given.json:
        settings = {"machine": machine(), "versions": found, "models": used, "resamples": RESAMPLES, "seed": SEED}
        readings = [asdict(pair) for pair in pairs]
        given.json.write_text(json.dumps({**settings, "readings": readings}, indent=2))
    tables = [*paired_tables(pairs, found), models_table(used)]
    sys.stdout.write(f"Measured on {machine()}.\n\n" + "\n".join(table.markdown() for table in tables))
    return 0


def _read(pages: Sequence[Page], variants: Sequence[str], folder: Path, jobs: int) -> list[list[Texts]]:
    """What both read of every variant of every page, `jobs` pages at a time."""
    os.environ["OMP_THREAD_LIMIT"] = "1"  # for both, as a worker's sandbox has it; read when the library is loaded
    started = time.monotonic()
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        waiting = {pool.submit(_read_page, page, variants, folder): page for page in pages}
        for number, done in enumerate(as_completed(waiting), 1):
            done.result()
            passed = time.monotonic() - started
            sys.stderr.write(f"{number} of {len(pages)}: {waiting[done].id} read, {passed:.0f} s since the start\n")
    return [future.result() for future in waiting]


def _read_page(page: Page, variants: Sequence[str], folder: Path) -> list[Texts]:
    """Read in a process of its own. The engine is new for each page: texts depend on no page before."""
    image, engine = decoded(page.path), TesserocrEngine(folder, 0)
    texts = []
    for name in variants:
        changed = VARIANTS[name](image)
        recognition = engine.recognise(changed, page.languages, _PATIENCE_SECONDS)
        texts.append(Texts(name, recognition.text, _command(changed, page.languages)))
    return texts


def _command(page: PageImage, languages: str) -> str:
    """What the command reads of the same pixels, told the same resolution."""
    resolution = ["--dpi", str(page.dpi)] if page.dpi else []
    done = subprocess.run(  # noqa: S603  one page, as people type it
        ["tesseract", "stdin", "stdout", "-l", languages, *resolution],  # noqa: S607  the one on the PATH is measured
        input=pnm(page.image),
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_PATIENCE_SECONDS,
    )
    return done.stdout.decode()


def _pairs(pages: Sequence[Page], texts: Sequence[Sequence[Texts]]) -> list[Pair]:
    """How right the texts are; each text goes to the peers' environment as a contender of one page."""
    read = [(page, each) for page, of_page in zip(pages, texts, strict=True) for each in of_page]
    given = {
        f"{who} {number}": [asdict(Reading(page.truth, text, page.in_order))]
        for number, (page, each) in enumerate(read)
        for who, text in (("engine", each.engine), ("command", each.command))
    }
    found = peer_script("accuracy", given)
    figures = {key: Figures(each["character_error_rate"], each["word_recall"]) for key, each in found.items()}
    return [
        Pair(page.id, each.variant, figures[f"engine {number}"], figures[f"command {number}"])
        for number, (page, each) in enumerate(read)
    ]

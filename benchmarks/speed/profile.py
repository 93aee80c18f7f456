"""Where the CPU time of a page goes: libtesseract, decoding, the sandbox, and all that a worker does around it."""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

from tesserocr import PyTessBaseAPI

from benchmarks.report import Table, machine, spread
from benchmarks.servers import started_servers
from benchmarks.speed.contenders.base import Ground
from benchmarks.speed.contenders.platform import PlatformWorker, document_of, documents_of
from benchmarks.speed.corpus import copies, default_corpus, installed_models, read_corpus, select
from benchmarks.speed.images import decoded
from benchmarks.speed.start import settings_of_nowhere
from ocr_platform.ocr.engines.tesserocr_engine import read_out, set_image
from ocr_platform.ocr.pages import PageImage
from ocr_platform.runtime import Runtime

_PARTS = (
    "libtesseract's recognition",
    "image handed over",
    "text and words read out",
    "decoding",
    "sandbox",
    "worker: Celery, SQL, S3",
)
_FORMS = ("each page a document", "one document of all pages")
_NOTE = """\
CPU of the worker's whole process tree; Redis, Postgres and the S3 emulator are not in it. The first four parts are
measured one by one in one process; the last two are what the next larger piece of the pipeline uses beyond the smaller
one, the starts and ends of sandboxes included."""


def measure_profile(arguments: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Measure some rounds and print a table; the exit code."""
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="default: %(default)s")
    parser.add_argument("--kind", metavar="WORD", help="pages whose set or kind holds this word (default: all)")
    given = parser.parse_args(arguments)
    pages = select(read_corpus(default_corpus()), dpi=300, languages="eng", kind=given.kind, limit=None)
    folder, _ = installed_models()
    with started_servers() as servers:
        ground = Ground(servers, pages, copies(pages, servers.scratch), folder, servers.scratch)
        rounds = {form: [_round(ground, form) for _ in range(given.rounds)] for form in _FORMS}
    sys.stdout.write(f"Measured on {machine()}, {len(pages)} scans of 300 dpi, one page at a time.\n")
    for form, figures in rounds.items():
        sys.stdout.write(f"\n{_table(form, figures).markdown()}")
    return 0


def _round(ground: Ground, form: str) -> list[float]:
    """Milliseconds of CPU a page, by part."""
    one_page_each = form == _FORMS[0]
    numbers = [[number] for number in range(len(ground.files))] if one_page_each else documents_of(ground, 1)
    documents = [document_of([ground.files[number] for number in each]).getvalue() for each in numbers]
    images = [decoded(path) for path in ground.files]
    recognition, handing, reading = _engine(ground, images)
    decoding = _cpu(lambda: [decoded(path) for path in ground.files])
    sandbox = _cpu(lambda: _sandbox(documents))
    whole = PlatformWorker("", "", one_page_each, jobs=1).turn(ground).usage.cpu_seconds
    inside = recognition + handing + reading + decoding
    parts = [recognition, handing, reading, decoding, sandbox - inside, whole - sandbox]
    milliseconds = [1000 * part / len(images) for part in parts]
    sys.stderr.write(f"recognition {milliseconds[0]:.0f} ms a page, whole worker {sum(milliseconds):.0f}\n")
    return milliseconds


def _table(form: str, rounds: Sequence[Sequence[float]]) -> Table:
    rows = []
    for number, name in enumerate(_PARTS):
        shares = [100 * each[number] / each[0] for each in rounds]
        rows.append([name, spread([each[number] for each in rounds], 1), spread(shares, 1)])
    beyond = [100 * sum(each[1:]) / each[0] for each in rounds]
    rows.append(["**all beyond recognition**", spread([sum(each[1:]) for each in rounds], 1), spread(beyond, 1)])
    return Table(f"Where a page's CPU time goes: {form}", ["", "CPU ms a page", "% of recognition"], rows, _NOTE)


def _cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process and of the children that it waited for."""
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def _engine(ground: Ground, images: Sequence[PageImage]) -> tuple[float, float, float]:
    """Seconds of CPU of recognition, of handing images over, and of reading text and words out."""
    recognition = handing = reading = 0.0
    with PyTessBaseAPI(path=str(ground.models), lang="eng") as library:
        for image in images:
            moments = [time.process_time()]
            for step in (_clear_and_hand_over, _recognise, read_out):
                step(library, image)
                moments.append(time.process_time())
            handed, recognised, read = (after - before for before, after in pairwise(moments))
            handing, recognition, reading = handing + handed, recognition + recognised, reading + read
    return recognition, handing, reading


def _clear_and_hand_over(library: PyTessBaseAPI, image: PageImage) -> None:
    library.Clear()
    set_image(library, image)


def _recognise(library: PyTessBaseAPI, _image: PageImage) -> None:
    library.Recognize()


def _sandbox(documents: Sequence[bytes]) -> None:
    """A host, and for each document what the stages `fetch_decrypt` and `ocr` do with it."""
    reader = Runtime(settings_of_nowhere()).reader
    for body in documents:
        with reader.load([body]) as document:
            pages = reader.count_pages(document)
        with reader.load([body]) as document:
            for number in range(1, pages + 1):
                reader.recognise(document, number, ["eng"])
    reader.close()

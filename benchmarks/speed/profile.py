"""Where the CPU time of a page goes: libtesseract, decoding, the sandbox, and all that a worker does around it."""

import argparse
import json
import sys
from collections.abc import Sequence

from benchmarks.report import Table, machine, spread
from benchmarks.servers import started_servers
from benchmarks.speed.contenders.base import Ground
from benchmarks.speed.contenders.platform import PlatformWorker
from benchmarks.speed.corpus import copies, default_corpus, installed_models, read_corpus, select
from benchmarks.speed.timed_host import DECODING, HANDED_OVER, PREPARATION, READ_OUT, RECOGNITION

_PARTS = {
    RECOGNITION: "libtesseract's recognition",
    PREPARATION: "looked at and prepared",
    HANDED_OVER: "image handed over",
    READ_OUT: "text and words read out",
    DECODING: "decoding",
}
_AROUND = ("sandbox: starts, ends, memory, messages", "worker: Celery, SQL, S3")
_FORMS = ("each page a document", "one document of all pages")
_PROGRAM = "benchmarks.speed.timed_worker"
_NOTE = """\
CPU of the worker's whole process tree; Redis, Postgres and the S3 emulator are not in it. All of a row's figures are of
one run: the first five parts are timed inside the sandbox, the sandbox is what its processes use beyond them, the
worker all the rest. Recognition is counted without the kernel's share, which is the sandbox's."""


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
    turn = PlatformWorker("", "", form == _FORMS[0], jobs=1, program=_PROGRAM).turn(ground)
    inside = [json.loads(text) for text in turn.texts]
    timed = [sum(page[part] for page in inside) for part in _PARTS]
    usage = turn.usage
    parts = [*timed, usage.sandbox_cpu_seconds - sum(timed), usage.cpu_seconds - usage.sandbox_cpu_seconds]
    milliseconds = [1000 * part / len(inside) for part in parts]
    sys.stderr.write(f"recognition {milliseconds[0]:.0f} ms a page, whole worker {sum(milliseconds):.0f}\n")
    return milliseconds


def _table(form: str, rounds: Sequence[Sequence[float]]) -> Table:
    rows = []
    for number, name in enumerate((*_PARTS.values(), *_AROUND)):
        shares = [100 * each[number] / each[0] for each in rounds]
        rows.append([name, spread([each[number] for each in rounds], 1), spread(shares, 1)])
    beyond = [100 * sum(each[1:]) / each[0] for each in rounds]
    rows.append(["**all beyond recognition**", spread([sum(each[1:]) for each in rounds], 1), spread(beyond, 1)])
    return Table(f"Where a page's CPU time goes: {form}", ["", "CPU ms a page", "% of recognition"], rows, _NOTE)

"""The command line: which parts, how large, and where the results go."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.overhead.claims import claims_table, measure_claims, plans_text
from benchmarks.overhead.counts import count_requests, counts_tables
from benchmarks.overhead.pages import measure_pages, pages_table
from benchmarks.overhead.sealing import measure_sealing, sealing_table
from benchmarks.overhead.throughput import ENTRIES, measure_throughput, throughput_table
from benchmarks.report import Table, machine
from benchmarks.servers import Servers, started_servers

_EPILOG = """\
parts:
  throughput  documents a second with an engine that answers at once, against a bare Celery chain
              of four empty tasks on the same Redis, turn by turn
  counts      SQL round trips, Redis commands and bytes, S3 and KMS requests of one document
  claims      time of a claim and of the reaper's questions with few and with many queued jobs
  pages       one long document by one worker child and by two, with real recognition
  sealing     sealing the text of a document for the database, and opening it again

examples:
  python -m benchmarks.overhead                                   all parts; about half an hour
  python -m benchmarks.overhead counts                            a minute
  python -m benchmarks.overhead throughput --only peer,null       the ratio alone
  python -m benchmarks.overhead claims --queued 1000 1000000 --out results

Servers are started for the run and removed after it. Nothing else should use the machine
meanwhile: the ratio is robust against a slow machine, not against a busy one.
"""

Measure = Callable[[Servers, argparse.Namespace], list[Table]]


def main() -> None:
    """Measure and report."""
    given = _arguments()
    tables = []
    with started_servers() as servers:
        for part in given.parts or _PARTS:
            sys.stderr.write(f"== {part}\n")
            tables += _PARTS[part](servers, given)
    report = {"machine": machine(), "tables": [table.plain() for table in tables]}
    markdown = "\n".join([f"Measured on {machine()}.\n", *(table.markdown() for table in tables)])
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "overhead.md").write_text(markdown)
        (given.out / "overhead.json").write_text(json.dumps(report, indent=2))
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if given.json else markdown)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.overhead",
        description="Measure and count what the platform's reliability costs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("parts", nargs="*", metavar="part", help=f"which of {', '.join(_PARTS)}; all of them by default")
    add("--documents", type=int, default=1500, metavar="N", help="documents a round (default: %(default)s)")
    add("--rounds", type=int, default=3, metavar="N", help="turns of each contender (default: %(default)s)")
    add("--concurrency", type=int, default=2, metavar="N", help="worker children (default: %(default)s)")
    add("--only", default=",".join(ENTRIES), metavar="NAMES", help="contenders of `throughput` (default: %(default)s)")
    add("--counted", type=int, default=50, metavar="N", help="documents of `counts` (default: %(default)s)")
    add("--queued", type=int, nargs="+", default=[1000, 1_000_000], metavar="N", help="sizes of the queue for `claims`")
    add("--pages", type=int, default=500, metavar="N", help="pages of the long document (default: %(default)s)")
    add("--sealed", type=int, nargs="+", default=[1, 10, 100, 1000], metavar="N", help="pages of `sealing`'s documents")
    add("--page-ms", type=float, default=1200.0, metavar="MS", help="CPU that recognises a page (default: %(default)s)")
    add("--json", action="store_true", help="print JSON instead of Markdown")
    add("--out", type=Path, metavar="DIR", help="write overhead.md, overhead.json and the query plans there too")
    given = parser.parse_args()
    unknown = [part for part in given.parts if part not in _PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(_PARTS)}")
    return given


def _throughput(servers: Servers, given: argparse.Namespace) -> list[Table]:
    entries = {name: ENTRIES[name] for name in given.only.split(",")}
    measured = measure_throughput(servers, given.documents, given.concurrency, given.rounds, entries.values())
    return [throughput_table(measured)]


def _counts(servers: Servers, given: argparse.Namespace) -> list[Table]:
    return counts_tables(count_requests(servers, given.counted))


def _claims(servers: Servers, given: argparse.Namespace) -> list[Table]:
    backlogs = measure_claims(servers, given.queued)
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "plans.txt").write_text(plans_text(backlogs))
    return [claims_table(backlogs)]


def _pages(servers: Servers, given: argparse.Namespace) -> list[Table]:
    return [pages_table(measure_pages(servers, given.pages), given.pages)]


def _sealing(servers: Servers, given: argparse.Namespace) -> list[Table]:
    return [sealing_table(measure_sealing(servers, given.sealed, given.rounds * 5), given.page_ms)]


_PARTS: dict[str, Measure] = {
    "throughput": _throughput,
    "counts": _counts,
    "claims": _claims,
    "pages": _pages,
    "sealing": _sealing,
}


if __name__ == "__main__":
    main()

"""The comparison: pages chosen, rounds run, results written."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import machine
from benchmarks.servers import started_servers
from benchmarks.speed.accuracy import Accuracy
from benchmarks.speed.contenders import CONTENDERS, DEFAULT, Ground
from benchmarks.speed.corpus import Page, copies, installed_models
from benchmarks.speed.facts import models, models_table, versions, versions_table
from benchmarks.speed.peer_environment import peer_script
from benchmarks.speed.results import OURS, Outcome, pages_table, plain, sampling_share, speed_table
from benchmarks.speed.rounds import run_rounds
from benchmarks.speed.selection import ANY, add_selection, chosen_pages


def side_by_side(arguments: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Measure and report; the exit code, 1 when the platform itself failed."""
    _add_arguments(parser)
    given = parser.parse_args(arguments)
    if given.all:
        given.dpi = given.lang = ANY
    names = given.only.split(",")
    unknown = [name for name in names if name not in CONTENDERS]
    if unknown:
        parser.error(f"there is no contender {unknown[0]}; there are {', '.join(CONTENDERS)}")
    folder, installed = installed_models()
    pages = chosen_pages(given, given.pages, installed, parser)
    with started_servers() as servers:
        read = pages * given.copies
        ground = Ground(servers, read, copies(read, servers.scratch), folder, servers.scratch)
        outcomes = run_rounds(ground, [CONTENDERS[name] for name in names], given.rounds)
    _add_accuracy(outcomes, pages)
    _report(given, outcomes, pages, folder)
    return int(any(outcome.fault for outcome in outcomes if outcome.name == OURS))


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_selection(parser, dpi="300", languages="eng")
    add = parser.add_argument
    add("--rounds", type=int, default=3, metavar="N", help="turns of each contender (default: %(default)s)")
    add("--only", default=",".join(DEFAULT), metavar="NAMES", help=f"which of {', '.join(CONTENDERS)}")
    add("--all", action="store_true", help="every page of the corpus: --dpi any --lang any")
    add("--copies", type=int, default=2, metavar="N", help="read each page N times a round (default: %(default)s)")
    add("--pages", type=int, metavar="N", help="the first N of these pages alone")
    add("--json", action="store_true", help="print JSON instead of Markdown")
    add("--out", type=Path, metavar="DIR", help="write speed.md, speed.json and speed.png there too")


def _add_accuracy(outcomes: Sequence[Outcome], pages: Sequence[Page]) -> None:
    """How right the texts of the last round are."""
    given = {
        outcome.name: [
            {"truth": page.truth, "text": text, "in_order": page.in_order}
            for page, text in zip(pages, outcome.turns[-1].texts, strict=False)  # the first copy of each
        ]
        for outcome in outcomes
        if outcome.measured
    }
    found = peer_script("accuracy", given) or {}
    for outcome in outcomes:
        if outcome.name in found:
            outcome.accuracy = Accuracy(**found[outcome.name])


def _report(given: argparse.Namespace, outcomes: Sequence[Outcome], pages: Sequence[Page], folder: Path) -> None:
    used = models(folder, {language for page in pages for language in page.languages.split("+")})
    found = versions()
    report = {
        "machine": machine(),
        "rounds": given.rounds,
        "pages": [page.id for page in pages],
        "contenders": plain(outcomes),
        "sampling_share": sampling_share(outcomes),
        "versions": found,
        "models": used,
    }
    tables = [speed_table(outcomes), pages_table(pages), models_table(used), versions_table(found)]
    turns = f"{given.rounds} rounds, {given.copies} copies of each page"
    notes = [f"Measured on {machine()}; {turns}. {_sampling_note(outcomes)}\n"]
    written = bool(given.out) and _write(given.out, report)
    if not written and given.out:
        notes.append("Accuracy and the plot need what scripts/peers installs.\n")
    notes += [f"{each.title}: {each.fault}\n" for each in outcomes if each.fault]
    markdown = "\n".join([*notes, *(table.markdown() for table in tables)])
    if given.out:
        (given.out / "speed.md").write_text(markdown)
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if given.json else markdown)


def _sampling_note(outcomes: Sequence[Outcome]) -> str:
    return f"Looking at memory took {100 * sampling_share(outcomes):.1f} % of one processor."


def _write(out: Path, report: dict[str, object]) -> bool:
    """JSON and plot; False when there is nothing to draw with."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "speed.json").write_text(json.dumps(report, indent=2))
    return peer_script("plot", report, str((out / "speed.png").absolute())) is not None

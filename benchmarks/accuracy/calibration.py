"""Fit what recognisers' scores mean: `python -m benchmarks.accuracy.calibration`.

Reads every page of the corpus by both recognisers (what was read is kept in --cache), fits a rising table for each way
in which a word can come about, proves them on kinds of pages that they were not fitted to, prints them as they stand
in `ocr_platform/ocr/confidence.py`, and draws the curves.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from benchmarks.accuracy.calibration_data import Raw, Sample, read_raw, samples
from benchmarks.accuracy.calibration_plot import draw
from benchmarks.accuracy.fitting import Table, expected_error, fit
from benchmarks.speed.corpus import default_corpus, read_corpus
from ocr_platform.models import EngineName
from ocr_platform.ocr.confidence import Basis, interpolated
from ocr_platform.ocr.engines.choice import SecondReader, make_engine

_CACHE_BYTES = 10**9
# Rotated copies of one page: what a recogniser says of letters that lie on their side is none of this table's business.
_TURNED = ("rotated", "phototestrot")


def main() -> None:
    """Read, fit, prove, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=default_corpus())
    parser.add_argument("--cache", type=Path, required=True, help="a directory for what was read")
    parser.add_argument("--plot", type=Path, default=Path("docs/images/confidence.png"))
    asked = parser.parse_args()
    found = [each for raw in _read(asked.corpus, asked.cache) for each in samples(raw)]
    print(f"{len({each.group for each in found})} kinds of pages, {len(found)} words\n")  # noqa: T201
    tables = {basis: fit([each for each in found if each.basis is basis]) for basis in Basis}
    for basis, table in tables.items():
        _print(basis, table, [each for each in found if each.basis is basis])
    unseen = [pair for basis in (Basis.ALONE,) for pair in _held_out(found, basis)]
    before = [(each.score, each.right) for each in found if each.basis is Basis.ALONE]
    draw(before, unseen, asked.plot)


def _read(corpus: Path, cache: Path) -> list[Raw]:
    cache.mkdir(parents=True, exist_ok=True)
    engine = make_engine(EngineName.AUTO, cache, _CACHE_BYTES)
    second = SecondReader().load()
    if second is None:
        raise SystemExit("The extra `accurate` is needed, and ORT_DISABLE_TELEMETRY=1.")
    there = engine.languages()
    raws = []
    for page in read_corpus(corpus):
        if any(word in page.id for word in _TURNED):
            continue
        languages = "+".join(name for name in page.languages.split("+") if name in there)
        if languages:
            raws.append(read_raw(page, engine, second, languages, cache))
    return raws


def _held_out(found: Sequence[Sample], basis: Basis) -> list[tuple[float, bool]]:
    """Likelihoods by tables that were fitted without the kind of page that the word is from."""
    mine = [each for each in found if each.basis is basis]
    pairs = []
    for group in sorted({each.group for each in mine}):
        table = fit([each for each in mine if each.group != group])
        pairs += [(interpolated(table, each.score), each.right) for each in mine if each.group == group]
    return pairs


def _print(basis: Basis, table: Table, mine: Sequence[Sample]) -> None:
    raw = expected_error([(each.score, each.right) for each in mine])
    unseen = expected_error(_held_out(mine, basis))
    share = sum(each.right for each in mine) / max(1, len(mine))
    pairs = ", ".join(f"({score:.3f}, {right:.3f})" for score, right in table)
    print(f"    Basis.{basis.name}: ({pairs}),")  # noqa: T201
    print(f"    # {len(mine)} words, {share:.3f} right; error {raw:.3f} as given, {unseen:.3f} on kinds held out\n")  # noqa: T201


if __name__ == "__main__":
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    main()

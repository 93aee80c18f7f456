"""How soon a sandbox answers that does not run yet."""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.documents import long_document
from benchmarks.report import Table, machine, spread
from ocr_platform.runtime import Runtime
from ocr_platform.settings import Settings, load_settings

_NOTE = """\
Milliseconds since the reader was asked for, median (least-greatest); the last row is the time of that page alone.
Modules of the worker are imported already, files are in the page cache. The page has 1000 x 360 pixels, three lines."""


@dataclass(frozen=True, slots=True)
class Start:
    """Milliseconds: until the models were listed and until a page was read, both from nothing; then a page again."""

    languages: float
    page: float
    same_page_again: float


def measure_start(arguments: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Start sandboxes one after the other and print a table; the exit code."""
    parser.add_argument("--times", type=int, default=10, metavar="N", help="sandboxes (default: %(default)s)")
    given = parser.parse_args(arguments)
    document, settings = long_document(1), settings_of_nowhere()
    _start(settings, document)  # imports, and files that were not read for long
    starts = [_start(settings, document) for _ in range(given.times)]
    rows = [
        ["first answer: which models there are", spread([each.languages for each in starts], 0)],
        ["first page", spread([each.page for each in starts], 0)],
        ["the same page once more", spread([each.same_page_again for each in starts], 0)],
    ]
    table = Table(f"Start of a sandbox, {given.times} times", ["", "ms"], rows, _NOTE)
    sys.stdout.write(f"Measured on {machine()}.\n\n{table.markdown()}")
    return 0


def _start(settings: Settings, document: bytes) -> Start:
    runtime = Runtime(settings)
    try:
        started = time.perf_counter()
        runtime.reader.languages()
        answered = time.perf_counter()
        with runtime.reader.load([document]) as opened:
            runtime.reader.count_pages(opened)
            first = runtime.reader.recognise(opened, 1, ["eng"])
            read = time.perf_counter()
            again = runtime.reader.recognise(opened, 1, ["eng"])
            ended = time.perf_counter()
    finally:
        runtime.close()
    if first.error or again.error or not first.text.strip():
        raise RuntimeError(f"the page was not read: {first.error or again.error or 'no text'}")
    return Start(1000 * (answered - started), 1000 * (read - started), 1000 * (ended - read))


def settings_of_nowhere(changed: Mapping[str, str] | None = None) -> Settings:
    """Settings of a worker; nothing is connected to, so that the names of services mean nothing."""
    models = {name: os.environ[name] for name in ("TESSDATA_PREFIX", "PATH") if name in os.environ}
    return load_settings(
        models
        | {
            "APP_ENV": "development",
            "AWS_REGION": "eu-central-1",
            "S3_BUCKET_NAME": "nowhere",
            "KMS_KEY_ID": "arn:aws:kms:eu-central-1:000000000000:key/none",
            "DB_NAME": "nowhere",
            "DB_USER": "nobody",
        }
        | dict(changed or {})
    )

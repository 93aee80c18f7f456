"""`ocr-platform run`: files in, text out, through the whole real pipeline on a throw-away stack."""

import json
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, Unpack

import click

from ocr_platform.cli.asking import (
    FORMATS_HELP,
    LANGUAGES_HELP,
    USUAL_FORMATS,
    USUAL_LANGUAGES,
    ocr_option,
    quality_option,
)
from ocr_platform.cli.progress import Progress
from ocr_platform.cli.signals import orderly_exit
from ocr_platform.client import Asked, Client, options_of
from ocr_platform.models import JobState

if TYPE_CHECKING:
    from ocr_platform.local.files import FileOutcome


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--lang", "languages", default=USUAL_LANGUAGES, show_default=True, help=LANGUAGES_HELP)
@click.option("--format", "formats", default=USUAL_FORMATS, show_default=True, help=FORMATS_HELP)
@ocr_option
@quality_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="ocr-output",
    show_default=True,
    help="Directory for the outputs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON a file, in order.")
@click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="Holds the password of the PDFs that need one, in its first line; - is standard input.",
)
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes; by default one a CPU.")
def run(
    files: tuple[str, ...],
    out: Path,
    as_json: bool,
    password_file: TextIO | None,
    workers: int | None,
    **asked: Unpack[Asked],
) -> None:
    """Recognise files with a throw-away stack: Redis, PostgreSQL, an AWS emulator, worker, beat and Flower.

    FILE is a PDF, or an image: TIFF, PNG, JPEG, WebP, HEIC, AVIF, JPEG 2000, GIF, BMP, PBM, PGM, PPM or JBIG2. Its
    content tells which. Each file's outputs get its name and .txt, .json, .hocr, .alto.xml, .md, .pdf or .pdfa.pdf;
    they hold what the document says, and only you can read them. Nothing else is left when the command ends.

    \b
    Exit code: 0 all succeeded; 1 some did not; 2 the call is wrong.
    """
    from ocr_platform.local.aws import keep_password
    from ocr_platform.local.files import FileRunner, make_output_directory
    from ocr_platform.local.stack import LocalStack

    options_of(asked, USUAL_LANGUAGES)  # a wrong call is told before anything is started
    password = password_file.readline().rstrip("\r\n") if password_file else ""
    make_output_directory(out)
    failed = False
    with orderly_exit(), Progress(len(files), terse=as_json) as progress:
        progress.announce("starting the local stack")
        with LocalStack(workers) as stack, closing(Client(stack.settings)) as client:
            if password:
                asked["password_secret"] = keep_password(stack.aws, password)
            progress.begin()
            runner = FileRunner(stack, client, asked, out, progress.update)
            for outcome in runner.run(files):
                failed = failed or outcome.state is not JobState.SUCCEEDED
                progress.print(_line(outcome) if as_json else _summary(outcome))
    sys.exit(1 if failed else 0)


def _line(outcome: "FileOutcome") -> str:
    return json.dumps(asdict(outcome), default=str, ensure_ascii=False)


def _summary(outcome: "FileOutcome") -> str:
    if outcome.error is not None:
        return f"✗ {outcome.file}: {outcome.error.message} [{outcome.error.code}]"
    mark = "✓" if outcome.state is JobState.SUCCEEDED else "!"
    lost = f", without page {', '.join(map(str, outcome.pages_failed))}" if outcome.pages_failed else ""
    pages = f"{outcome.pages} page" + ("" if outcome.pages == 1 else "s")
    figures = f"{pages}{lost}, confidence {outcome.confidence:.0f}, {outcome.seconds:.1f} s"
    return f"{mark} {outcome.file}: {figures} → {', '.join(outcome.outputs.values())}"

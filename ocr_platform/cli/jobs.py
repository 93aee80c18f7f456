"""Commands about single jobs: submit, status, result."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Unpack

import click

from ocr_platform.cli.asking import (
    FORMATS_HELP,
    USUAL_FORMATS,
    ocr_option,
    password_secret_option,
    quality_option,
)
from ocr_platform.cli.progress import Progress
from ocr_platform.client import Asked, Client
from ocr_platform.errors import PlatformError, SettingsError, UsageError
from ocr_platform.models import JobState, JobStatus, OutputFormat, PageReview, StoredText
from ocr_platform.private_files import write_private

_JSON_HELP = "Print one line of JSON."


def status_line(status: JobStatus) -> str:
    """A status as one line of JSON."""
    return json.dumps({**asdict(status), "seconds": status.seconds}, default=str)


def _describe(status: JobStatus) -> str:
    lines = [f"{status.job_id}  {status.state}" + (f", in {status.stage}" if status.stage else "")]
    if status.pages is not None:
        lines.append(f"  pages       {status.pages_done} of {status.pages}")
    for number, code in status.pages_failed.items():
        lines.append(f"  page {number:<6} {code}")
    if status.attempts > 1:
        lines.append(f"  attempts    {status.attempts} of this stage")
    if status.stored_text is not StoredText.NONE:
        lines.append(f"  text        {status.stored_text} in the database")
    if status.held_code is not None:
        lines.append(f"  waits for   the end of {status.held_code}, a fault of the installation")
    if status.confidence is not None:
        lines.append(f"  confidence  {status.confidence:.1f}")
    lines.extend(f"  review      {_review_line(page)}" for page in status.review)
    if status.error is not None:
        lines.append(f"  error       {status.error.message} [{status.error.code}]")
    lines.extend(
        f"  {item.format:<11} s3://{item.stored.bucket}/{item.stored.key}  {item.stored.size} bytes"
        for item in status.outputs
    )
    return "\n".join(lines)


def _review_line(page: PageReview) -> str:
    confidence = "" if page.confidence is None else f", confidence {page.confidence:.0f}"
    return f"page {page.number}: {', '.join(page.reasons)}{confidence}"


def _fail_as_json(error: PlatformError) -> None:
    click.echo(json.dumps({"error": {"code": error.code, "message": error.message}}))
    sys.exit(2 if isinstance(error, UsageError) else 1)


@click.command()
@click.argument("source", metavar="S3://BUCKET/KEY")
@click.option("--version-id", help="The version to read; by default the one that is current now.")
@click.option("--lang", "languages", help="Models such as eng+deu, or auto; by default OCR_DEFAULT_LANGUAGES.")
@click.option("--format", "formats", default=USUAL_FORMATS, show_default=True, help=FORMATS_HELP)
@ocr_option
@quality_option
@password_secret_option
@click.option("--tenant", default="default", show_default=True, help="On whose behalf.")
@click.option("--token", "client_token", help="The same token again gives the same job, however often it is submitted.")
@click.option("--wait", is_flag=True, help="Wait for the end; exit 1 unless it succeeded.")
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
def submit(source: str, wait: bool, as_json: bool, **asked: Unpack[Asked]) -> None:
    """Submit a document that lies in S3 and print the job's id."""
    try:
        client = Client.from_environment()
        job_id = client.submit(source, **asked)
    except SettingsError:
        raise
    except PlatformError as exc:
        if as_json:
            _fail_as_json(exc)
        raise
    if not wait:
        click.echo(json.dumps({"job_id": str(job_id)}) if as_json else str(job_id))
        return
    with Progress(terse=as_json) as progress:
        progress.begin()
        for status in client.watch(job_id):
            progress.update(job_id, str(job_id), status)
    click.echo(status_line(status) if as_json else _describe(status))
    sys.exit(0 if status.state is JobState.SUCCEEDED else 1)


@click.command()
@click.argument("job_id")
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
def status(job_id: str, as_json: bool) -> None:
    """Say how a job stands: state, pages, errors, outputs and how S3 confirmed that they are protected."""
    found = Client.from_environment().status(job_id)
    click.echo(status_line(found) if as_json else _describe(found))


@click.command()
@click.argument("job_id")
@click.option("--format", "name", type=click.Choice([str(f) for f in OutputFormat]), default="text", show_default=True)
@click.option("--page", type=int, help="The text of this page alone, as the database keeps it sealed.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    default="-",
    help="A file instead of standard output; only you can read it.",
)
def result(job_id: str, name: str, page: int | None, out: Path) -> None:
    """Write one output of a finished job, or the text of one of its pages."""
    found = Client.from_environment().result(job_id)
    body = found.read(name) if page is None else found.page_text(page).encode()
    if str(out) == "-":
        click.echo(body, nl=False)
        return
    try:
        write_private(out, body)
    except OSError as exc:
        raise UsageError(f"The output cannot be written: {exc.strerror}.") from exc

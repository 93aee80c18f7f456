"""The command `rewrap`: the data keys of stored text go over to another KMS key."""

import json
import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import Progress

from ocr_platform.cli.processes import NO_REDIS, service_settings
from ocr_platform.runtime import Runtime
from ocr_platform.security.rewrap import Report, left_under_others, rewrap


@click.command(name="rewrap")
@click.option("--dry-run", is_flag=True, help="Only say how many data keys are under which other KMS key.")
@click.option("--parallel", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests to KMS at once.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, and no progress.")
def rewrap_command(dry_run: bool, parallel: int, as_json: bool) -> None:
    """Move the data keys of stored text to KMS_KEY_ID; no text is read or written.

    \b
    To change the KMS key:
      1. put the old key into OCR_FORMER_KMS_KEYS and the new one into KMS_KEY_ID, and restart workers and applications
      2. allow kms:ReEncryptFrom on the old key and kms:ReEncryptTo on the new one
      3. ocr-platform rewrap

    It may be broken off and run again at any time, beside workers at work. Exit 0 when all data keys are under
    KMS_KEY_ID, 1 when some are not. Sources and outputs in S3 stay under the key that they were written with.
    """
    settings = service_settings(*NO_REDIS)
    runtime = Runtime(settings)
    left = left_under_others(runtime.texts, settings.kms_key_id)
    if dry_run:
        report = Report(left=left)
    else:
        with Progress(console=Console(stderr=True), transient=True, disable=as_json) as bar:
            task = bar.add_task("data keys", total=sum(left.values()))
            report = rewrap(
                runtime.texts,
                runtime.sealer,
                settings.kms_key_id,
                parallel=parallel,
                progress=lambda count: bar.advance(task, count),
            )
    runtime.close()
    click.echo(_as_json(report) if as_json else _describe(report, settings.kms_key_id))
    sys.exit(1 if report.left else 0)


def _as_json(report: Report) -> str:
    return json.dumps({**asdict(report), "failed": {str(job_id): code for job_id, code in report.failed.items()}})


def _describe(report: Report, kms_key_id: str) -> str:
    lines = [f"rewrapped {report.rewrapped}"]
    if report.skipped:
        lines.append(f"skipped   {report.skipped}, replaced or erased meanwhile")
    lines.extend(f"failed    {job_id}  {code}" for job_id, code in report.failed.items())
    lines.extend(f"refused   {arn}  {message}" for arn, message in report.refused.items())
    lines.extend(f"left      {count} under {arn}" for arn, count in report.left.items())
    if not report.left:
        lines.append(f"All data keys are under {kms_key_id}.")
    return "\n".join(lines)

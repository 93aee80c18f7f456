"""The command `ocr-platform`: one file per group of commands."""

import sys
from typing import Any

import click

from ocr_platform import __version__
from ocr_platform.cli.health import health
from ocr_platform.cli.jobs import result, status, submit
from ocr_platform.cli.processes import beat, flower, migrate, worker
from ocr_platform.cli.rewrap import rewrap_command
from ocr_platform.cli.run import run
from ocr_platform.cli.up import up
from ocr_platform.errors import EXIT_CONFIG, PlatformError, SettingsError, UsageError
from ocr_platform.monitoring.crashes import redact_crashes

EXIT_USAGE = 2


class _Group(click.Group):
    """Prints the platform's errors as people can read them, and ends with the right code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as exc:
            for fault in exc.faults:
                click.echo(f"ocr-platform: {fault}", err=True)
            sys.exit(EXIT_CONFIG)
        except PlatformError as exc:
            click.echo(f"ocr-platform: {exc.message} [{exc.code}]", err=True)
            sys.exit(EXIT_USAGE if isinstance(exc, UsageError) else 1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="ocr-platform")
def main() -> None:
    """Self-hosted OCR for documents that nobody else may read.

    \b
    Try it:      ocr-platform run letter.pdf
    Develop:     ocr-platform up, then submit, status and result in another terminal
    Production:  ocr-platform migrate, worker, beat and flower, configured by the environment; health says how it stands
    """
    redact_crashes()


for _command in (run, up, submit, status, result, health, worker, beat, flower, migrate, rewrap_command):
    main.add_command(_command)

"""The command `health`: is anything stuck, and does the reaper work?"""

import json
import sys
from dataclasses import asdict

import click

from ocr_platform.cli.processes import NO_REDIS, service_settings
from ocr_platform.db.health import Health
from ocr_platform.settings import Settings

_ROUNDS_MISSED = 12


@click.command()
@click.option("--json", "form", flag_value="json", help="Print one line of JSON.")
@click.option("--openmetrics", "form", flag_value="openmetrics", help="Print figures for Prometheus; exit 0.")
def health(form: str | None) -> None:
    """Say how many jobs wait, run and retry, and when the reaper was last seen.

    Exit 1 when it is silent, or when workers take no work since the installation is at fault: a key that is disabled,
    access that is denied, credentials that are refused, a recogniser that is not there. With --openmetrics the figures
    say so themselves, and exit 1 means that there are none.

    The figures come from Postgres, which knows what Redis and Flower do not: leases, retries, messages to be sent.
    """
    from ocr_platform.db.health import health as ask
    from ocr_platform.runtime import Runtime

    settings = service_settings(*NO_REDIS)
    found = ask(Runtime(settings).engine)
    if form == "openmetrics":
        from ocr_platform.cli.openmetrics import openmetrics

        click.echo(openmetrics(found), nl=False)
        return
    click.echo(json.dumps(asdict(found), default=str) if form == "json" else _describe(found))
    sys.exit(1 if reaper_is_silent(found, settings) or found.breakers else 0)


def reaper_is_silent(found: Health, settings: Settings) -> bool:
    """True when the reaper has missed a dozen rounds, or never ran: what is lost then stays lost."""
    silent = found.reaper_silent_seconds
    return silent is None or silent > max(60.0, _ROUNDS_MISSED * settings.ocr_sweep_seconds)


def _describe(found: Health) -> str:
    lines = [
        f"waiting   {found.waiting}" + _age(found.oldest_waiting_seconds, ", the longest for {:.0f} s"),
        f"claimed   {found.claimed}",
        f"retrying  {found.retrying}",
        f"overdue   {found.lost + found.due}  (leases that ended: {found.lost}, retries due: {found.due})",
        f"outbox    {found.outbox}",
        f"uncleaned {found.uncleaned}",
    ]
    lines.extend(f"held      {count}  by {code}" for code, count in found.held.items())
    lines.extend(
        f"breaker   {item.name} takes no work since {item.opened_at:%Y-%m-%d %H:%M:%S} UTC: {item.code}"
        for item in found.breakers
    )
    if found.reaper is None:
        lines.append("reaper    never seen: start `ocr-platform beat`")
    else:
        ago = _age(found.reaper_silent_seconds, "{:.0f} s ago")
        lines.append(f"reaper    {found.reaper.name}, {ago}, its last round took {found.reaper.seconds:.2f} s")
    return "\n".join(lines)


def _age(seconds: float | None, form: str) -> str:
    return "" if seconds is None else form.format(seconds)

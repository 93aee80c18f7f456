"""Commands that production runs: worker, beat, flower, migrate. Each is configured by the environment alone."""

import logging

import click

from ocr_platform.monitoring.crashes import log_crashes
from ocr_platform.monitoring.logging import configure_logging
from ocr_platform.monitoring.redaction import learn
from ocr_platform.runtime import Runtime
from ocr_platform.settings import Insecurity, LogLevel, Settings, Surroundings, allowed_insecurities, load_settings
from ocr_platform.workflow import QUEUES

_log = logging.getLogger(__name__)


NO_REDIS = (Insecurity.REDIS_TLS, Insecurity.REDIS_PASSWORD)


def service_settings(*unused: Insecurity) -> Settings:
    """Settings of a process of the platform; what is insecure ends it, unless it is allowed, which is logged."""
    configure_logging(LogLevel.INFO)  # whatever goes wrong before its level is known
    log_crashes()
    surroundings = Surroundings.of_this_process(*unused)
    settings = load_settings(surroundings=surroundings)
    learn("settings", *settings.secrets)
    configure_logging(settings.ocr_log_level)
    for insecurity, line in allowed_insecurities(settings, surroundings):
        _log.warning("insecure_allowed", extra={"insecurity": insecurity, "fault": line})
    return settings


@click.command()
@click.option("--queues", "-Q", default=",".join(QUEUES), show_default=True, help="Queues to take work from.")
@click.option("--concurrency", "-c", type=click.IntRange(1, 256), help="Processes; OCR_CONCURRENCY or the CPUs.")
@click.option("--name", "-n", default="celery@%h", show_default=True, help="Its name in Flower; %h is the host's.")
@click.option("--pool", "-P", type=click.Choice(["prefork", "solo", "threads"]), default="prefork", show_default=True)
def worker(queues: str, concurrency: int | None, name: str, pool: str) -> None:
    """Take documents through the chain until told to stop.

    First it looks whether AWS, Postgres and Redis can be used, for OCR_START_SECONDS at most; if not, it ends with
    exit code 78 and says what is wrong, a line each.

    On SIGTERM it takes nothing new, ends or hands back what it has, and is gone within OCR_STOP_SECONDS and a few
    more; no document loses an attempt by it. On SIGQUIT it ends at once.
    """
    from ocr_platform.worker.app import make_worker_app

    settings = service_settings()
    Runtime(settings).engine.dispose()  # a missing password ends the start, not the first document
    app = make_worker_app(settings)
    arguments = [
        "worker",
        f"--queues={queues}",
        f"--pool={pool}",
        f"--hostname={name}",
        f"--loglevel={settings.ocr_log_level}",
    ]
    # Workers have nothing to tell each other: Postgres knows what is cancelled, and beat is the only clock.
    arguments += ["--without-mingle", "--without-gossip"]
    if concurrency is not None:
        arguments.append(f"--concurrency={concurrency}")
    app.worker_main(arguments)


@click.command()
def beat() -> None:
    """Run the reaper, which wakes up what no worker goes on with. Run two or more: one is active, the others wait."""
    from ocr_platform.worker.beat import serve_beat

    serve_beat(service_settings())


@click.command()
def flower() -> None:
    """Serve Flower, the page that shows workers and tasks, behind a login.

    OCR_FLOWER_USER and OCR_FLOWER_PASSWORD(_FILE) are the login; OCR_FLOWER_HOST and OCR_FLOWER_PORT the address.
    """
    from ocr_platform.worker.flower import serve_flower

    serve_flower(service_settings(Insecurity.DB_SSLMODE))


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema. Safe to run from many containers at once."""
    from ocr_platform.db.migrate import migrate as upgrade

    before, after = upgrade(Runtime(service_settings(*NO_REDIS)).engine)
    click.echo(f"The schema is at revision {after}" + (" already." if before == after else f" (was {before})."))

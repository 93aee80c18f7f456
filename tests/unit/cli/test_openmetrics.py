"""The figures of `health` as Prometheus reads them."""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parsed_as_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parsed_as_text

from ocr_platform.cli import main
from ocr_platform.cli.openmetrics import openmetrics
from ocr_platform.db.health import Health, OpenBreaker

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ILL = Health(
    waiting=97,
    claimed=2,
    lost=3,
    due=4,
    retrying=5,
    outbox=6,
    uncleaned=7,
    held={"key_unusable": 2, "storage_denied": 1},
    breakers=tuple(OpenBreaker(f"host:{number}", "key_unusable", NOW, NOW) for number in (1, 2)),
    oldest_waiting_seconds=8.5,
    reaper_silent_seconds=0.25,
    reaper=None,
)
FIGURES = {
    "ocr_jobs_waiting": 97,
    "ocr_jobs_claimed": 2,
    "ocr_jobs_lost": 3,
    "ocr_jobs_due": 4,
    "ocr_jobs_retrying": 5,
    "ocr_outbox_messages": 6,
    "ocr_jobs_uncleaned": 7,
    'ocr_jobs_held{code="key_unusable"}': 2,
    'ocr_jobs_held{code="storage_denied"}': 1,
    'ocr_breakers_open{code="key_unusable"}': 2,
    "ocr_oldest_waiting_seconds": 8.5,
    "ocr_reaper_silent_seconds": 0.25,
}


@pytest.mark.parametrize("parsed", [parsed_as_openmetrics, parsed_as_text])
def test_a_scraper_of_either_form_reads_every_figure(parsed: Callable[[str], Iterable[Metric]]) -> None:
    found = {}
    for family in parsed(openmetrics(ILL)):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value

    assert found == FIGURES


def test_every_figure_of_health_is_there() -> None:
    # Of `reaper`, who it is, is for people; its silence is a figure of its own.
    assert len({name.partition("{")[0] for name in FIGURES}) == len(fields(Health)) - 1


def test_what_there_is_nothing_to_say_of_is_absent() -> None:
    written = openmetrics(replace(ILL, held={}, breakers=(), oldest_waiting_seconds=None, reaper_silent_seconds=None))

    samples = [line.split()[0] for line in written.splitlines() if not line.startswith("#")]
    assert set(samples) == {name for name in FIGURES if name.startswith(("ocr_jobs", "ocr_outbox")) and "{" not in name}
    assert written.endswith("# EOF\n")


def test_a_database_that_does_not_answer_gives_no_figures(environ: dict[str, str]) -> None:
    # Given nothing listens there (port 1 is the reserved tcpmux)
    result = CliRunner().invoke(
        main, ["health", "--openmetrics"], env=environ | {"DB_HOST": "127.0.0.1", "DB_PORT": "1"}
    )

    assert (result.exit_code, result.stdout) == (1, "")

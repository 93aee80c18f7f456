import json
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from ocr_platform.cli import main
from ocr_platform.cli.health import _describe, reaper_is_silent
from ocr_platform.db.health import Health, ReaperRound
from ocr_platform.settings import Settings, load_settings

ROUND = ReaperRound("beat-1:7", datetime(2025, 1, 1, tzinfo=UTC), 0.25, {"lost": 1})
WELL = Health(
    waiting=3,
    claimed=2,
    lost=0,
    due=0,
    retrying=1,
    outbox=0,
    uncleaned=0,
    held={},
    breakers=(),
    oldest_waiting_seconds=4.4,
    reaper_silent_seconds=2.0,
    reaper=ROUND,
)


@pytest.mark.parametrize(("seconds", "silent"), [(None, True), (0.0, False), (59.0, False), (61.0, True)])
def test_reaper_that_missed_a_dozen_rounds_or_never_ran_is_silent(
    settings: Settings, seconds: float | None, silent: bool
) -> None:
    assert reaper_is_silent(replace(WELL, reaper_silent_seconds=seconds), settings) is silent


def test_reaper_that_runs_rarely_may_be_silent_for_longer(environ: dict[str, str]) -> None:
    settings = load_settings(environ | {"OCR_SWEEP_SECONDS": "60"})

    assert not reaper_is_silent(replace(WELL, reaper_silent_seconds=700.0), settings)
    assert reaper_is_silent(replace(WELL, reaper_silent_seconds=721.0), settings)


def test_people_read_what_waits_and_when_the_reaper_was_seen() -> None:
    text = _describe(WELL)

    assert "waiting   3, the longest for 4 s" in text
    assert "beat-1:7, 2 s ago, its last round took 0.25 s" in text


def test_installation_without_a_reaper_is_told_what_to_start() -> None:
    text = _describe(replace(WELL, oldest_waiting_seconds=None, reaper_silent_seconds=None, reaper=None))

    assert "waiting   3\n" in text
    assert "never seen: start `ocr-platform beat`" in text


def test_figures_can_be_written_as_json() -> None:
    written = json.loads(json.dumps(asdict(WELL), default=str))

    assert written["reaper"]["figures"] == {"lost": 1}


def test_database_that_does_not_answer_exits_1_with_one_line(environ: dict[str, str]) -> None:
    # Given nothing listens there (port 1 is the reserved tcpmux)
    result = CliRunner().invoke(main, ["health"], env=environ | {"DB_HOST": "127.0.0.1", "DB_PORT": "1"})

    assert result.exit_code == 1
    assert result.stderr == "ocr-platform: The database does not answer. [database_unavailable]\n"

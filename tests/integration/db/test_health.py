"""How the installation stands, in figures that an operator can act on."""

from datetime import timedelta

from prometheus_client.openmetrics.parser import text_string_to_metric_families
from sqlalchemy import Engine, func, select, update

from ocr_platform.cli.openmetrics import openmetrics
from ocr_platform.db.breakers import BreakerLog
from ocr_platform.db.health import health
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import BreakerRow
from ocr_platform.models import JobState, Stage
from tests.integration.db.support import (
    ago,
    change,
    counted_statements,
    expire,
    job_claimed_in,
    job_in,
    submitted,
)


def test_an_installation_without_jobs_has_nothing_to_be_old(engine: Engine) -> None:
    found = health(engine)

    assert (found.waiting, found.claimed, found.lost, found.due, found.retrying) == (0, 0, 0, 0, 0)
    assert (found.outbox, found.uncleaned) == (0, 0)
    assert (found.oldest_waiting_seconds, found.reaper_silent_seconds, found.reaper) == (None, None, None)


def test_every_job_is_counted_for_what_it_waits_for(engine: Engine, repository: JobRepository) -> None:
    # Given one job that waits, and two, three, ... of the other kinds
    change(engine, submitted(engine), woken_at=ago(120))
    for _ in range(2):
        job_claimed_in(repository, Stage.OCR, pages=1)
    for _ in range(3):
        expire(engine, job_claimed_in(repository, Stage.OCR, pages=1).id)
    for _ in range(4):
        repository.retry_later(job_claimed_in(repository, Stage.OCR, pages=1), lambda _: 0)
    for _ in range(5):
        repository.retry_later(job_claimed_in(repository, Stage.OCR, pages=1), lambda _: 60)
    for _ in range(6):
        job_in(engine, Stage.OCR, state=JobState.FAILED, finished_at=ago(1))
    job_in(engine, Stage.OCR, state=JobState.SUCCEEDED, finished_at=ago(1))

    found = health(engine)

    assert (found.claimed, found.lost, found.due, found.retrying, found.uncleaned) == (2, 3, 4, 5, 6)
    assert found.waiting == 1 + 4 + 5
    assert found.outbox == 22
    assert found.oldest_waiting_seconds is not None
    assert 110 < found.oldest_waiting_seconds < 130


def test_what_waits_for_the_end_of_a_fault_is_counted_by_it(engine: Engine, repository: JobRepository) -> None:
    for code in ("key_unusable", "key_unusable", "storage_denied"):
        repository.hold(job_claimed_in(repository, Stage.OCR, pages=1), code, 60)
    change(engine, submitted(engine), held_code="key_unusable", state=JobState.CANCELLED, finished_at=ago(1))

    assert health(engine).held == {"key_unusable": 2, "storage_denied": 1}


def test_processes_that_take_no_work_are_told_until_they_do_or_are_gone(engine: Engine) -> None:
    book = BreakerLog(engine)
    book.open("host:1", "key_unusable")
    book.open("host:2", "key_unusable")
    book.open("host:1", "storage_denied")
    book.close("host:2")
    book.close("host:2")
    first = health(engine).breakers
    set_seen(engine, "host:1", minutes=16)

    assert [(breaker.name, breaker.code) for breaker in first] == [("host:1", "storage_denied")]
    assert first[0].opened_at < first[0].seen_at
    assert health(engine).breakers == ()


def test_processes_that_were_killed_while_they_waited_are_forgotten(engine: Engine) -> None:
    book = BreakerLog(engine)
    book.open("host:1", "key_unusable")
    set_seen(engine, "host:1", minutes=25 * 60)

    book.open("host:2", "key_unusable")

    with engine.connect() as connection:
        assert connection.scalars(select(BreakerRow.name)).all() == ["host:2"]


def test_figures_for_prometheus_are_those_of_the_database(engine: Engine, repository: JobRepository) -> None:
    # Given jobs that are held and processes that wait, by two faults, and no reaper
    for code in ("key_unusable", "key_unusable", "storage_denied"):
        repository.hold(job_claimed_in(repository, Stage.OCR, pages=1), code, 60)
    for name, code in (("host:1", "key_unusable"), ("host:2", "key_unusable"), ("host:3", "storage_denied")):
        BreakerLog(engine).open(name, code)

    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(openmetrics(health(engine)))  # type: ignore[no-untyped-call]
        for sample in family.samples
    }

    assert found["ocr_jobs_held", "key_unusable"] == found["ocr_breakers_open", "key_unusable"] == 2
    assert found["ocr_jobs_held", "storage_denied"] == found["ocr_breakers_open", "storage_denied"] == 1
    assert found["ocr_jobs_waiting",] == found["ocr_jobs_retrying",] == 3
    assert "ocr_reaper_silent_seconds" not in {name for name, *_ in found}


def set_seen(engine: Engine, name: str, minutes: int) -> None:
    seen = update(BreakerRow).where(BreakerRow.name == name).values(seen_at=func.now() - timedelta(minutes=minutes))
    with engine.connect() as connection:
        connection.execute(seen)


def test_the_reapers_last_round_is_told(engine: Engine, log: ReaperLog) -> None:
    log.record_round("host:7", 0.25, {"lost": 2})

    found = health(engine)

    assert found.reaper is not None
    assert (found.reaper.name, found.reaper.seconds, found.reaper.figures) == ("host:7", 0.25, {"lost": 2})
    assert found.reaper.round_at.utcoffset() == timedelta(0)
    assert found.reaper_silent_seconds is not None
    assert 0 <= found.reaper_silent_seconds < 10


def test_asking_is_one_statement(engine: Engine) -> None:
    with counted_statements(engine) as sent:
        health(engine)

    assert len(sent) == 1

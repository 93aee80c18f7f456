"""Part 3: what a claim and the reaper's questions take with a thousand and with a million queued jobs."""

import random
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Engine, text

from benchmarks.overhead.statements import explained, timed_ms
from benchmarks.report import Table, spread
from benchmarks.servers import Servers
from ocr_platform.db.claims import ClaimTerms
from ocr_platform.db.engine import make_engine
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.repository import JobRepository
from ocr_platform.models import Stage
from ocr_platform.workflow import CHAIN, QUEUE_OF

_IN_HAND = 8
_CLAIMS = 400
_ROUNDS = 30
_WARM_UP = 20
_BATCH = 500
_PATIENCE = timedelta(seconds=30)
_IO_STAGES = [stage for stage in CHAIN if QUEUE_OF[stage] == QUEUE_OF[CHAIN[0]]]

# As a backlog of an hour is: the messages were sent one after the other.
_FILL = text("""
    INSERT INTO jobs (id, tenant, source_bucket, source_key, source_version_id, source_size, options, created_at,
                      updated_at, woken_at, next_attempt_at)
    SELECT gen_random_uuid(), 'tenant-' || number % 50, 'documents', 'uploads/' || md5(number::text), md5(number::text),
           100000, '{"languages": ["eng"], "formats": ["text", "json"]}', sent, sent, sent, sent
    FROM generate_series(1, :jobs) AS number,
         LATERAL (SELECT now() - interval '1 hour' * (1.1 - number / CAST(:jobs AS float))) AS message (sent)
""")
_OLDEST = text("SELECT id FROM jobs ORDER BY woken_at LIMIT :limit")
_ANY = text("SELECT id FROM jobs WHERE state = 'queued'")


@dataclass(frozen=True, slots=True)
class Backlog:
    """Figures at one size: milliseconds of each call by what it does, and its plan."""

    jobs: int
    milliseconds: dict[str, list[float]]
    plans: dict[str, str]


def measure_claims(servers: Servers, sizes: Sequence[int]) -> list[Backlog]:
    """Measure each size in a database of its own."""
    return [_at_size(servers.with_database(), size) for size in sizes]


def _at_size(servers: Servers, jobs: int) -> Backlog:
    sys.stderr.write(f"filling a queue of {jobs:,} jobs\n")
    engine, terms = make_engine(servers.settings), ClaimTerms()
    try:
        _fill(engine, jobs)
        repository, reaper = JobRepository(engine, terms), ReaperLog(engine, terms)
        with engine.connect() as connection:
            oldest = list(connection.scalars(_OLDEST, {"limit": _IN_HAND}))
            candidates = list(connection.scalars(_ANY))
        for job_id in oldest:
            repository.claim(job_id, CHAIN[0])
        measured, plans = _questions(engine, reaper)
        chosen = random.Random(0).sample(candidates, min(len(candidates), _CLAIMS + _WARM_UP))  # noqa: S311  no secret
        claims = iter(chosen)

        def claim() -> None:
            job_id: UUID = next(claims)
            if repository.claim(job_id, CHAIN[0]) is None and job_id not in oldest:
                raise RuntimeError("a queued job was not to be had")

        plans["claim"] = explained(engine, claim)
        for _ in range(_WARM_UP - 1):
            claim()
        measured["claim"] = [timed_ms(claim) for _ in range(len(chosen) - _WARM_UP)]
        _last_ones(engine, reaper, measured, plans)
    finally:
        engine.dispose()
    return Backlog(jobs, measured, plans)


def _fill(engine: Engine, jobs: int) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(_FILL, {"jobs": jobs})
        connection.execute(text("VACUUM ANALYZE jobs"))


def _questions(engine: Engine, reaper: ReaperLog) -> tuple[dict[str, list[float]], dict[str, str]]:
    """The reaper's questions, as a healthy backlog has them answered: nothing is found."""
    asked: dict[str, Callable[[], Sequence[object]]] = {
        "reaper: lost": lambda: reaper.lost(_BATCH),
        "reaper: due": lambda: reaper.due(_BATCH),
        "reaper: unclaimed": lambda: reaper.unclaimed(_IO_STAGES, _PATIENCE, _BATCH, queue_is_empty=False),
        # As usual with a backlog: what is queued waits for its first stage, and the other queue is empty.
        "reaper: unclaimed, other queue": lambda: reaper.unclaimed([Stage.OCR], _PATIENCE, _BATCH, queue_is_empty=True),
        "reaper: outbox": lambda: reaper.unpublished(_PATIENCE, _BATCH),
        "reaper: failed": lambda: reaper.uncleaned(_PATIENCE, _BATCH),
    }
    measured, plans = {}, {}
    for name, ask in asked.items():
        if ask():
            raise RuntimeError(f"{name} found something in a healthy backlog")
        plans[name] = explained(engine, ask)
        measured[name] = [timed_ms(ask) for _ in range(_ROUNDS)]
    return measured, plans


def _last_ones(engine: Engine, reaper: ReaperLog, measured: dict[str, list[float]], plans: dict[str, str]) -> None:
    """Redis lost its whole queue: a batch is woken. Last, because it changes what it finds."""

    def wake() -> None:
        reaper.unclaimed(_IO_STAGES, _PATIENCE, _BATCH, queue_is_empty=True)

    name = f"reaper: queue lost, wakes {_BATCH}"
    plans[name] = explained(engine, wake)
    measured[name] = [timed_ms(wake)]


def claims_table(backlogs: Sequence[Backlog]) -> Table:
    """Median and spread at each size."""
    names = list(backlogs[0].milliseconds)
    rows = []
    for name in names:
        values = [backlog.milliseconds[name] for backlog in backlogs]
        medians = [statistics.median(each) for each in values]
        rows.append([name, *(spread(each, 2) for each in values), f"{medians[-1] / medians[0]:.2f}"])
    columns = ["ms", *(f"{backlog.jobs:,} queued" for backlog in backlogs), "last : first"]
    return Table("Claims and the reaper's questions", columns, rows, "Wall time of the call, Python included.")


def plans_text(backlogs: Sequence[Backlog]) -> str:
    """Every plan at every size."""
    return "\n".join(
        f"=== {name}, {backlog.jobs:,} queued jobs\n{plan}\n"
        for backlog in backlogs
        for name, plan in backlog.plans.items()
    )

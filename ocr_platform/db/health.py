"""How the installation stands, as Postgres sees it: what is open, what is late, when the reaper was last seen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from ocr_platform.db.engine import statement

# Each figure is a scan of a partial index that holds open jobs alone.
_HEALTH = text("""
    SELECT (SELECT count(*) FROM jobs WHERE state IN ('queued', 'running') AND lease_until IS NULL) AS waiting,
           (SELECT count(*) FROM jobs WHERE lease_until > now()) AS claimed,
           (SELECT count(*) FROM jobs WHERE lease_until <= now()) AS lost,
           (SELECT count(*) FROM jobs
            WHERE state IN ('queued', 'running') AND woken_at IS NULL AND next_attempt_at <= now()) AS due,
           (SELECT count(*) FROM jobs
            WHERE state IN ('queued', 'running') AND woken_at IS NULL AND next_attempt_at > now()) AS retrying,
           (SELECT count(*) FROM outbox) AS outbox,
           (SELECT count(*) FROM jobs WHERE NOT cleaned AND state = 'failed') AS uncleaned,
           (SELECT jsonb_object_agg(held_code, jobs) FROM (
               SELECT held_code, count(*) AS jobs FROM jobs
               WHERE state IN ('queued', 'running') AND held_code IS NOT NULL GROUP BY held_code
            ) AS held) AS held,
           (SELECT jsonb_agg(breakers ORDER BY opened_at) FROM breakers
            WHERE seen_at > now() - interval '15 minutes') AS breakers,
           (SELECT extract(epoch FROM now() - min(woken_at)) FROM jobs
            WHERE state IN ('queued', 'running') AND lease_until IS NULL) AS oldest_waiting_seconds,
           (SELECT extract(epoch FROM now() - round_at) FROM reaper) AS reaper_silent_seconds,
           (SELECT row_to_json(reaper) FROM reaper) AS reaper
""")


@dataclass(frozen=True, slots=True)
class ReaperRound:
    """The last round of the active reaper: who (`host:pid`), when, how long, what it found by kind."""

    name: str
    round_at: datetime
    seconds: float
    figures: dict[str, int]


@dataclass(frozen=True, slots=True)
class OpenBreaker:
    """A worker process (`host:pid`) that takes no work: for which fault, since when, when it last looked."""

    name: str
    code: str
    opened_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Health:
    """Counts of jobs; ages in seconds, None where there is nothing to be old.

    `waiting` for a worker, `claimed` by one, `lost` by one and not yet found by the reaper, `due` for another attempt,
    `retrying` at a later time; `outbox` messages still to be published; `uncleaned` failed jobs. `held` are those that
    met a fault of the installation and wait for its end, by its code; `breakers` the processes that wait for it, too.
    """

    waiting: int
    claimed: int
    lost: int
    due: int
    retrying: int
    outbox: int
    uncleaned: int
    held: dict[str, int]
    breakers: tuple[OpenBreaker, ...]
    oldest_waiting_seconds: float | None
    reaper_silent_seconds: float | None
    reaper: ReaperRound | None


def health(engine: Engine) -> Health:
    """Ask. Raises DatabaseUnavailable."""
    with statement(engine) as connection:
        row = dict(connection.execute(_HEALTH).one()._mapping)  # noqa: SLF001  the public way to a row's names
    for name in ("oldest_waiting_seconds", "reaper_silent_seconds"):
        row[name] = None if row[name] is None else float(row[name])
    row["held"] = row["held"] or {}
    row["breakers"] = tuple(map(_breaker_of, row["breakers"] or ()))
    row["reaper"] = _round_of(row["reaper"])
    return Health(**row)


def _breaker_of(item: dict[str, Any]) -> OpenBreaker:
    moments = {name: datetime.fromisoformat(item[name]) for name in ("opened_at", "seen_at")}
    return OpenBreaker(item["name"], item["code"], **moments)


def _round_of(item: dict[str, Any] | None) -> ReaperRound | None:
    if item is None:
        return None
    return ReaperRound(item["name"], datetime.fromisoformat(item["round_at"]), item["seconds"], item["figures"])

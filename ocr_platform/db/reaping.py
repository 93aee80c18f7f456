"""What the reaper asks of Postgres. Each question has an index of its own, and is answered in bounded batches.

Whoever is found is woken in the same statement: two reapers never wake the same job twice, and one that dies before it
sends the message leaves a job that the next finds among the unclaimed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, TextClause, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from ocr_platform.db.claims import ClaimTerms
from ocr_platform.db.engine import statement
from ocr_platform.db.tables import OPEN, JobRow, OutboxRow, ReaperRow
from ocr_platform.errors import WorkerLost
from ocr_platform.models import JobState, Stage

_FOUND = "SELECT id, attempts >= :max_attempts OR claims >= :max_claims + coalesce(page_count, 0) AS spent FROM jobs"
# A claim that ended neither in good order nor in a retry: the worker is gone, or cut off for longer than its lease.
_LOST = f"{_FOUND} WHERE lease_until < now() ORDER BY lease_until"
_DUE = f"""
    {_FOUND} WHERE {OPEN} AND woken_at IS NULL AND lease_until IS NULL AND next_attempt_at <= now()
    ORDER BY next_attempt_at
"""
# A queue is first in, first out: it holds no message any more that is older than one which a worker took already.
# Without anything in the queue there is no such message at all.
# One stage after the other, each in the order of its index: a lost queue may hold millions.
_UNCLAIMED = f"""
    SELECT unclaimed.id, unclaimed.spent FROM unnest(CAST(:stages AS text[])) AS queued (stage), LATERAL (
        {_FOUND}
        WHERE {OPEN} AND lease_until IS NULL AND jobs.stage = queued.stage
          AND woken_at < now() - CAST(:patience AS interval)
          AND (:queue_is_empty OR woken_at < (
              SELECT max(woken_at) FROM jobs WHERE lease_until > now() AND in_turn AND stage = ANY(:stages)
          ) - CAST(:patience AS interval))
        ORDER BY woken_at LIMIT :limit
    ) AS unclaimed
"""  # noqa: S608  made of the texts above, of no value


def _waking(found: str) -> TextClause:
    """A statement that wakes the jobs that `found` selects, and fails those that used up their attempts."""
    withdrawn = ", ".join(
        f"no_{table} AS (DELETE FROM {table} USING found WHERE {table}.job_id = found.id AND spent)"  # noqa: S608
        for table in ("outputs", "text_keys", "page_texts")
    )
    return text(f"""
        WITH found AS ({found} LIMIT :limit FOR UPDATE SKIP LOCKED), {withdrawn}
        UPDATE jobs
        SET fence = fence + 1, lease_until = NULL, woken_at = now(), updated_at = now(),
            state = CASE WHEN spent THEN 'failed' ELSE state END,
            error_code = CASE WHEN spent THEN :code END,
            finished_at = CASE WHEN spent THEN now() END
        FROM found WHERE jobs.id = found.id
        RETURNING jobs.id, tenant, stage, fence, attempts, pages_left, spent
    """)  # noqa: S608  made of the texts above, of no value


_WAKE_LOST, _WAKE_DUE, _WAKE_UNCLAIMED = _waking(_LOST), _waking(_DUE), _waking(_UNCLAIMED)


@dataclass(frozen=True, slots=True)
class Woken:
    """A job that the reaper found; `spent` ones have failed instead of being woken."""

    job_id: UUID
    tenant: str
    stage: Stage
    fence: int
    attempts: int
    pages_left: int | None
    spent: bool


@dataclass(frozen=True, slots=True)
class ReaperLog:
    """The reaper's questions, on Postgres."""

    engine: Engine
    terms: ClaimTerms

    def lost(self, limit: int) -> list[Woken]:
        """Jobs whose lease ended without a word."""
        return self._wake(_WAKE_LOST, limit)

    def due(self, limit: int) -> list[Woken]:
        """Jobs whose next attempt is due."""
        return self._wake(_WAKE_DUE, limit)

    def unclaimed(
        self, stages: Sequence[Stage], patience: timedelta, limit: int, *, queue_is_empty: bool
    ) -> list[Woken]:
        """Jobs whose message is lost: nobody claimed them, and their queue is empty or was served beyond them."""
        values = {"stages": list(map(str, stages)), "patience": patience, "queue_is_empty": queue_is_empty}
        return self._wake(_WAKE_UNCLAIMED, limit, values)

    def unpublished(self, older_than: timedelta, limit: int) -> list[tuple[int, UUID, Stage]]:
        """Messages that nobody published in time, oldest first."""
        found = (
            select(OutboxRow.id, OutboxRow.job_id, OutboxRow.stage)
            .where(OutboxRow.created_at < func.now() - older_than)
            .order_by(OutboxRow.created_at)
            .limit(limit)
        )
        with statement(self.engine) as connection:
            return [(row.id, row.job_id, Stage(row.stage)) for row in connection.execute(found)]

    def uncleaned(self, older_than: timedelta, limit: int) -> list[tuple[UUID, str]]:
        """Failed jobs, with their tenants, whose objects nobody has looked for since no worker can write any more."""
        found = (
            select(JobRow.id, JobRow.tenant)
            .where(~JobRow.cleaned, JobRow.state == "failed", JobRow.finished_at < func.now() - older_than)
            .order_by(JobRow.finished_at)
            .limit(limit)
        )
        with statement(self.engine) as connection:
            return [(row.id, row.tenant) for row in connection.execute(found)]

    def cleaned(self, job_id: UUID) -> None:
        """Note that a failed job has nothing in the bucket."""
        with statement(self.engine) as connection:
            connection.execute(update(JobRow).where(JobRow.id == job_id).values(cleaned=True))

    def states(self, job_ids: Sequence[UUID]) -> dict[UUID, JobState]:
        """How these jobs stand; those that nobody knows are left out."""
        found = select(JobRow.id, JobRow.state).where(JobRow.id.in_(job_ids))
        with statement(self.engine) as connection:
            return {row.id: JobState(row.state) for row in connection.execute(found)}

    def record_round(self, name: str, seconds: float, figures: Mapping[str, int]) -> None:
        """Leave word of a round, for whoever asks how the reaper is."""
        values = {"name": name, "round_at": func.now(), "seconds": seconds, "figures": dict(figures)}
        recorded = upsert(ReaperRow).values(id=1, **values).on_conflict_do_update(index_elements=["id"], set_=values)
        with statement(self.engine) as connection:
            connection.execute(recorded)

    def _wake(self, waking: TextClause, limit: int, values: Mapping[str, Any] | None = None) -> list[Woken]:
        terms = {
            "code": WorkerLost.code,
            "max_attempts": self.terms.max_attempts,
            "max_claims": self.terms.max_claims,
            "limit": limit,
        }
        with statement(self.engine) as connection:
            rows = connection.execute(waking, {**terms, **(values or {})}).all()
        return [
            Woken(row.id, row.tenant, Stage(row.stage), row.fence, row.attempts, row.pages_left, row.spent)
            for row in rows
        ]

"""Sealed text and its data keys: reading them, moving the keys to another KMS key, erasing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from ocr_platform.db.engine import statement
from ocr_platform.models import SealedText, WrappedKey

_READ = text("""
    SELECT kms_key_id, wrapped, number, sealed
    FROM text_keys LEFT JOIN page_texts ON page_texts.job_id = text_keys.job_id
        AND (CAST(:number AS integer) IS NULL OR number = :number)
    WHERE text_keys.job_id = :job_id
""")

# The record that it was done stays; all else goes in the same moment. The key alone would do: without it nothing opens,
# in no backup that was made of the texts alone.
_ERASE = text("""
    WITH key AS (DELETE FROM text_keys WHERE job_id = :job_id RETURNING job_id),
         texts AS (DELETE FROM page_texts WHERE job_id = :job_id)
    UPDATE jobs SET text_erased_at = now(), updated_at = now() FROM key WHERE jobs.id = key.job_id
""")

_BY_KEY = text("SELECT kms_key_id, count(*) FROM text_keys GROUP BY kms_key_id ORDER BY kms_key_id")

_OTHERS = text("""
    SELECT text_keys.job_id, tenant, kms_key_id, wrapped FROM text_keys JOIN jobs ON jobs.id = text_keys.job_id
    WHERE kms_key_id <> :kms_key_id AND text_keys.job_id > :after
    ORDER BY text_keys.job_id LIMIT :limit
""")

# Only in the place of the very key that was rewrapped: meanwhile the text may have been sealed anew, or erased.
_REPLACE = text("""
    UPDATE text_keys SET kms_key_id = :kms_key_id, wrapped = :wrapped, rewrapped_at = now()
    WHERE job_id = :job_id AND wrapped = :before
""")

FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A job's data key, with all that its context is made of."""

    job_id: UUID
    tenant: str
    key: WrappedKey


@dataclass(frozen=True, slots=True)
class TextKeys:
    """The sealed texts on Postgres; one statement a method."""

    engine: Engine

    def read(self, job_id: UUID, number: int | None = None) -> SealedText | None:
        """A job's sealed text, all pages or one; None when there is no key, and so nothing that could be opened."""
        with statement(self.engine) as connection:
            rows = connection.execute(_READ, {"job_id": job_id, "number": number}).all()
        if not rows:
            return None
        pages = {row.number: bytes(row.sealed) for row in rows if row.number is not None}
        return SealedText(_key_of(rows[0]), pages)

    def erase(self, job_id: UUID) -> bool:
        """Delete a job's data key, and the texts that nobody can open without it. False when there was none."""
        with statement(self.engine) as connection:
            return connection.execute(_ERASE, {"job_id": job_id}).rowcount == 1

    def count_by_key(self) -> dict[str, int]:
        """How many data keys each KMS key wraps, by its ARN."""
        with statement(self.engine) as connection:
            return {row[0]: row[1] for row in connection.execute(_BY_KEY)}

    def under_others(self, kms_key_id: str, after: UUID, limit: int) -> Sequence[StoredKey]:
        """Data keys that another KMS key wraps, those of the next jobs in the order of their ids."""
        values = {"kms_key_id": kms_key_id, "after": after, "limit": limit}
        with statement(self.engine) as connection:
            rows = connection.execute(_OTHERS, values).all()
        return [StoredKey(row.job_id, row.tenant, _key_of(row)) for row in rows]

    def replace(self, before: StoredKey, key: WrappedKey) -> bool:
        """Store a data key that was wrapped anew. False when the job has another one by now, or none."""
        values = {"job_id": before.job_id, "before": before.key.wrapped, "kms_key_id": key.kms_key_id}
        with statement(self.engine) as connection:
            return connection.execute(_REPLACE, {**values, "wrapped": key.wrapped}).rowcount == 1


def _key_of(row: Any) -> WrappedKey:
    return WrappedKey(row.kms_key_id, bytes(row.wrapped))

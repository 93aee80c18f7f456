"""The repository that the stages use: claims, the pages' queue, and what a job has staged and delivered."""

import json
from collections.abc import Sequence

from sqlalchemy import text as sql

from ocr_platform.db.engine import statement
from ocr_platform.db.pages import PageQueue
from ocr_platform.db.rows import output_values
from ocr_platform.errors import DocumentDamaged, PageDamaged
from ocr_platform.models import Job, JobState, Output, SealedText, StoredObject

_STAGED = sql("""
    SELECT staged, array_agg(number) FROM pages WHERE job_id = :job_id AND staged IS NOT NULL GROUP BY staged
""")

# A try that comes later seals the same pages under another key: each row takes the place of the earlier one.
_TEXT = sql("""
    WITH job AS (
        SELECT id FROM jobs
        WHERE id = :job_id AND stage = 'encrypt_upload' AND state IN ('queued', 'running') AND fence = :fence
        FOR UPDATE
    ), key AS (
        INSERT INTO text_keys (job_id, kms_key_id, wrapped) SELECT id, :kms_key_id, :wrapped FROM job
        ON CONFLICT (job_id) DO UPDATE
        SET kms_key_id = excluded.kms_key_id, wrapped = excluded.wrapped, created_at = now(), rewrapped_at = NULL
    ), pages AS (
        INSERT INTO page_texts (job_id, number, sealed)
        SELECT job.id, page.* FROM job, unnest(CAST(:numbers AS integer[]), CAST(:sealed AS bytea[])) AS page
        ON CONFLICT (job_id, number) DO UPDATE SET sealed = excluded.sealed
    )
    SELECT count(*) FROM job
""")
_TEXT_PAGES = 500  # in one statement: some 2 MB as psycopg2 writes them

_OUTPUTS = sql("""
    WITH job AS (
        UPDATE jobs
        SET stage = 'persist', fence = fence + 1, attempts = 0, held_code = NULL, lease_until = NULL,
            next_attempt_at = now(), woken_at = now(), updated_at = now(), error_code = CAST(:error AS text)
        WHERE id = :job_id AND stage = 'encrypt_upload' AND state IN ('queued', 'running') AND fence = :fence
        RETURNING id
    ), stored AS (
        INSERT INTO outputs (job_id, format, content_type, bucket, key, version_id, size, sha256, kms_key_id,
                             bucket_key_enabled, encryption, checksum, bucket_owner)
        SELECT job.id, output.* FROM job, jsonb_to_recordset(CAST(:outputs AS jsonb)) AS output (
            format text, content_type text, bucket text, key text, version_id text, size bigint, sha256 text,
            kms_key_id text, bucket_key_enabled boolean, encryption text, checksum text, bucket_owner text
        )
    )
    SELECT count(*) FROM job
""")

# Confidence is weighted by letters. Pages that are only damaged say least of a document: any other code goes first.
# An output that could not be made has left its code before.
_FINISH = sql("""
    WITH page AS (
        SELECT count(*) AS total, count(*) FILTER (WHERE state = 'failed') AS lost,
               coalesce(sum(confidence * letters) / nullif(sum(letters), 0), 0) AS confidence,
               coalesce(min(error_code) FILTER (WHERE error_code <> :page_damaged),
                        min(:document_damaged) FILTER (WHERE error_code = :page_damaged)) AS code
        FROM pages WHERE job_id = :job_id
    )
    UPDATE jobs
    SET state = CASE WHEN lost = 0 AND error_code IS NULL THEN 'succeeded' WHEN lost < total THEN 'partial'
                     ELSE 'failed' END,
        error_code = CASE WHEN lost = total THEN code ELSE error_code END,
        confidence = CASE WHEN lost < total THEN page.confidence END,
        held_code = NULL, lease_until = NULL, finished_at = now(), updated_at = now()
    FROM page
    WHERE jobs.id = :job_id AND stage = 'persist' AND jobs.state IN ('queued', 'running') AND fence = :fence
    RETURNING jobs.state
""")


class JobRepository(PageQueue):
    """Implements `ports.Repository` on Postgres; every move of a job is one conditional statement."""

    __slots__ = ()

    def staged(self, job: Job) -> list[tuple[StoredObject, list[int]]]:
        """Staged objects, each with the pages that count in it."""
        with statement(self.engine) as connection:
            rows = connection.execute(_STAGED, {"job_id": job.id}).all()
        return [(StoredObject(**staged), list(numbers)) for staged, numbers in rows]

    def record_text(self, job: Job, text: SealedText) -> bool:
        """Store sealed text in the place of any that an earlier try left; many pages by several statements."""
        claim = {"job_id": job.id, "fence": job.fence, "kms_key_id": text.key.kms_key_id, "wrapped": text.key.wrapped}
        numbers = sorted(text.pages)
        with statement(self.engine) as connection:
            for start in range(0, len(numbers), _TEXT_PAGES):
                some = numbers[start : start + _TEXT_PAGES]
                values = {**claim, "numbers": some, "sealed": [text.pages[number] for number in some]}
                if not connection.scalar(_TEXT, values):
                    return False
        return True

    def record_outputs(self, job: Job, outputs: Sequence[Output], error: str | None = None) -> bool:
        """Store the outputs, with the code of what one of them failed with, and move the job on to `persist`."""
        values = {
            "job_id": job.id,
            "fence": job.fence,
            "outputs": json.dumps(output_values(outputs)),
            "error": error,
        }
        with statement(self.engine) as connection:
            return bool(connection.scalar(_OUTPUTS, values))

    def finish(self, job: Job) -> JobState | None:
        """Sum the pages up and end the job: succeeded, partial, or failed when no page is left."""
        codes = {"page_damaged": PageDamaged.code, "document_damaged": DocumentDamaged.code}
        with statement(self.engine) as connection:
            state = connection.scalar(_FINISH, {"job_id": job.id, "fence": job.fence, **codes})
        return JobState(state) if state else None

"""The repository that the stages use: claims, the pages' queue, and what a job has staged and delivered."""

import json
from collections.abc import Sequence

from sqlalchemy import text

from ocr_platform.db.engine import statement
from ocr_platform.db.pages import PageQueue
from ocr_platform.db.rows import output_values
from ocr_platform.errors import DocumentDamaged, PageDamaged
from ocr_platform.models import Job, JobState, Output, StoredObject

_STAGED = text("""
    SELECT staged, array_agg(number) FROM pages WHERE job_id = :job_id AND staged IS NOT NULL GROUP BY staged
""")

_OUTPUTS = text("""
    WITH job AS (
        UPDATE jobs
        SET stage = 'persist', fence = fence + 1, attempts = 0, held_code = NULL, lease_until = NULL,
            next_attempt_at = now(), woken_at = now(), updated_at = now()
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
_FINISH = text("""
    WITH page AS (
        SELECT count(*) AS total, count(*) FILTER (WHERE state = 'failed') AS lost,
               coalesce(sum(confidence * letters) / nullif(sum(letters), 0), 0) AS confidence,
               coalesce(min(error_code) FILTER (WHERE error_code <> :page_damaged),
                        min(:document_damaged) FILTER (WHERE error_code = :page_damaged)) AS code
        FROM pages WHERE job_id = :job_id
    )
    UPDATE jobs
    SET state = CASE WHEN lost = 0 THEN 'succeeded' WHEN lost < total THEN 'partial' ELSE 'failed' END,
        error_code = CASE WHEN lost = total THEN code END,
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

    def record_outputs(self, job: Job, outputs: Sequence[Output]) -> bool:
        """Store the outputs and move the job on to `persist`."""
        values = {"job_id": job.id, "fence": job.fence, "outputs": json.dumps(output_values(outputs))}
        with statement(self.engine) as connection:
            return bool(connection.scalar(_OUTPUTS, values))

    def finish(self, job: Job) -> JobState | None:
        """Sum the pages up and end the job: succeeded, partial, or failed when no page is left."""
        codes = {"page_damaged": PageDamaged.code, "document_damaged": DocumentDamaged.code}
        with statement(self.engine) as connection:
            state = connection.scalar(_FINISH, {"job_id": job.id, "fence": job.fence, **codes})
        return JobState(state) if state else None

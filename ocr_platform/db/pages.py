"""The pages of a job as a queue inside the job: several workers take from it, each page counts once."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import text

from ocr_platform.db.claims import ClaimLog
from ocr_platform.db.engine import statement
from ocr_platform.db.rows import page_values
from ocr_platform.errors import ClaimLost
from ocr_platform.models import DocumentFormat, Job, PageResult, Progress, SourceFacts, Stage, StoredObject

# The job, while it is open, in its stage and still this claim's; helpers have no number and hold pages alone.
_JOB = """
    SELECT id FROM jobs
    WHERE id = :job_id AND stage = 'ocr' AND state IN ('queued', 'running')
      AND (CAST(:fence AS bigint) IS NULL OR fence = :fence)
"""

_PLAN = text("""
    WITH job AS (
        UPDATE jobs
        SET stage = 'ocr', source_sha256 = :sha256, source_format = :format, source_facts = CAST(:facts AS jsonb),
            page_count = :pages, pages_left = :pages, fence = fence + 1, attempts = 0, held_code = NULL,
            lease_until = NULL, next_attempt_at = now(), woken_at = now(), updated_at = now()
        WHERE id = :job_id AND stage = 'fetch_decrypt' AND state IN ('queued', 'running') AND fence = :fence
        RETURNING id
    ), planned AS (
        INSERT INTO pages (job_id, number) SELECT id, generate_series(1, :pages) FROM job
    )
    SELECT count(*) FROM job
""")

_CLAIM = text(f"""
    WITH job AS ({_JOB}), free AS (
        SELECT number FROM pages
        WHERE job_id = (SELECT id FROM job) AND state = 'pending'
          AND (lease_until IS NULL OR lease_until < now() OR holder = :holder)
        ORDER BY number LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE pages SET holder = :holder, lease_until = clock_timestamp() + :lease
        FROM free WHERE pages.job_id = :job_id AND pages.number = free.number
        RETURNING pages.number
    )
    SELECT (SELECT count(*) FROM job) AS mine, (SELECT array_agg(number ORDER BY number) FROM taken) AS numbers
""")  # noqa: S608  no value is put into the text

# The job's row is locked first: two checkpoints follow each other, and the second sees what the first left. Whoever
# finishes the last page moves the job on.
_CHECKPOINT = text(f"""
    WITH job AS ({_JOB} FOR UPDATE), result AS (
        SELECT * FROM jsonb_to_recordset(CAST(:pages AS jsonb)) AS page (
            number integer, state text, error_code text, width integer, height integer, dpi integer,
            words integer, letters integer, confidence double precision, seconds double precision,
            blank boolean, disputed double precision
        )
    ), done AS (
        UPDATE pages
        SET state = result.state, error_code = result.error_code, width = result.width, height = result.height,
            dpi = result.dpi, words = result.words, letters = result.letters, confidence = result.confidence,
            seconds = result.seconds, blank = result.blank, disputed = result.disputed,
            staged = CAST(:staged AS jsonb), holder = NULL, lease_until = NULL
        FROM result
        WHERE pages.job_id = (SELECT id FROM job) AND pages.number = result.number
          AND pages.state = 'pending' AND pages.holder = :holder
        RETURNING pages.number
    ), counted AS (SELECT count(*) AS new FROM done)
    UPDATE jobs
    SET pages_left = pages_left - new, updated_at = now(),
        stage = CASE WHEN pages_left = new THEN 'encrypt_upload' ELSE stage END,
        fence = CASE WHEN pages_left = new THEN fence + 1 ELSE fence END,
        lease_until = CASE WHEN pages_left = new THEN NULL ELSE lease_until END,
        woken_at = CASE WHEN pages_left = new THEN now() ELSE woken_at END,
        next_attempt_at = CASE WHEN pages_left = new THEN now() ELSE next_attempt_at END,
        attempts = CASE WHEN pages_left = new THEN 0
                        WHEN new > 0 AND CAST(:fence AS bigint) IS NOT NULL THEN 1
                        ELSE attempts END,
        held_code = CASE WHEN new > 0 THEN NULL ELSE held_code END
    FROM counted
    WHERE id = (SELECT id FROM job)
    RETURNING new, pages_left, stage
""")  # noqa: S608  no value is put into the text


class PageQueue(ClaimLog):
    """Implements `ports.PageQueue` on Postgres; one statement a method."""

    __slots__ = ()

    def record_plan(self, job: Job, facts: SourceFacts, sha256: str, format: DocumentFormat, pages: int) -> bool:
        """Store the plan, a row a page, and move the job on to `ocr`."""
        values = {"facts": json.dumps(asdict(facts)), "sha256": sha256, "format": format, "pages": pages}
        with statement(self.engine) as connection:
            return bool(connection.scalar(_PLAN, {"job_id": job.id, "fence": job.fence, **values}))

    def claim_pages(self, job: Job, limit: int) -> list[int]:
        """Take up to `limit` pages that nobody holds, beside those that this claim holds. Raises ClaimLost."""
        values = {**_claim_of(job), "limit": limit, "lease": self.terms.lease}
        with statement(self.engine) as connection:
            row = connection.execute(_CLAIM, values).one()
        if not row.mine:
            raise ClaimLost
        return list(row.numbers or ())

    def checkpoint(self, job: Job, results: Sequence[PageResult], staged: StoredObject) -> Progress:
        """Record pages that this claim holds; with the last one the job moves on. Raises ClaimLost."""
        pages = json.dumps([page_values(result) for result in results])
        values = {**_claim_of(job), "pages": pages, "staged": json.dumps(_staged_values(staged))}
        with statement(self.engine) as connection:
            row = connection.execute(_CHECKPOINT, values).one_or_none()
        if row is None:
            raise ClaimLost
        return Progress(row.new, row.pages_left, row.stage != Stage.OCR)


def _staged_values(staged: StoredObject) -> dict[str, Any]:
    """What it takes to read it back and verify it, by names that workers of earlier versions know."""
    values = asdict(staged)
    return {name: value for name, value in values.items() if name not in ("encryption", "checksum", "bucket_owner")}


def _claim_of(job: Job) -> dict[str, Any]:
    return {"job_id": job.id, "fence": job.fence, "holder": job.holder}

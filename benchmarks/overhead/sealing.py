"""Part 5: what it costs to seal the text of a document, to store it and to open it again."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.report import Table, spread
from benchmarks.servers import Servers
from ocr_platform.db import submission
from ocr_platform.models import DocumentFormat, Job, JobOptions, PageResult, SourceFacts, SourceRef, Stage, StoredObject
from ocr_platform.runtime import Runtime

TARGET_PERCENT = 1.0
# A dense page of print; letters and payslips have fewer.
_CHARACTERS = 3000
_NOTE = """\
Milliseconds a page, median (least-greatest): `seal` is a data key from KMS (an emulator here), the cipher, and the
statements that store it; CPU is the worker's process alone. The share is of the CPU that recognising a page takes."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one document, in milliseconds a page."""

    seal_cpu: float
    seal: float
    open: float


def measure_sealing(servers: Servers, sizes: Sequence[int], times: int) -> dict[int, list[Cost]]:
    """Costs by the number of pages."""
    runtime = Runtime(servers.with_database().settings)
    try:
        _cost(runtime, 1)  # the first time connects, and reads what boto3 knows of KMS
        return {pages: [_cost(runtime, pages) for _ in range(times)] for pages in sizes}
    finally:
        runtime.close()


def _cost(runtime: Runtime, pages: int) -> Cost:
    job, results = _recognised(runtime, pages)
    cpu, began = time.process_time(), time.perf_counter()
    runtime.repository.record_text(job, runtime.sealer.seal(job, results))
    cpu, sealed = time.process_time() - cpu, time.perf_counter()
    stored = runtime.texts.read(job.id)
    if stored is None or len(runtime.sealer.open(job.id, job.tenant, stored)) != pages:
        raise RuntimeError("the text is not there")
    opened = time.perf_counter()
    return Cost(1000 * cpu / pages, 1000 * (sealed - began) / pages, 1000 * (opened - sealed) / pages)


def _recognised(runtime: Runtime, pages: int) -> tuple[Job, list[PageResult]]:
    """A job that is claimed for the stage that seals, and the texts of its pages."""
    repository, key = runtime.repository, runtime.settings.kms_key_id
    source = SourceRef(runtime.settings.s3_bucket_name, "uploads/none", "1")
    job_id = submission.submit(runtime.engine, submission.NewJob("default", source, 1, JobOptions())).job_id

    def claimed(stage: Stage) -> Job:
        job = repository.claim(job_id, stage)
        if job is None:
            raise RuntimeError(f"the job is not to be had for {stage}")
        return job

    facts = SourceFacts("1", 1, "aws:kms", key, bucket_key_enabled=True)
    repository.record_plan(claimed(Stage.FETCH_DECRYPT), facts, "", DocumentFormat.PDF, pages)
    job = claimed(Stage.OCR)
    results = [PageResult(number, text=f"{number:09} " * (_CHARACTERS // 10)) for number in range(1, pages + 1)]
    repository.claim_pages(job, pages)
    repository.checkpoint(job, results, StoredObject(source.bucket, "work/none", "1", 1, "", key, True))
    return claimed(Stage.ENCRYPT_UPLOAD), results


def sealing_table(measured: dict[int, list[Cost]], page_cpu_ms: float) -> Table:
    """A row for each length of a document."""
    rows = []
    for pages, costs in measured.items():
        cpu = statistics.median(cost.seal_cpu for cost in costs)
        rows.append(
            [
                str(pages),
                spread([cost.seal_cpu for cost in costs], 2),
                f"{100 * cpu / page_cpu_ms:.2f} %",
                spread([cost.seal for cost in costs], 2),
                spread([cost.open for cost in costs], 2),
            ]
        )
    title = f"Sealed text, pages of {_CHARACTERS} characters (target: < {TARGET_PERCENT:.0f} % of recognition)"
    columns = ["pages", "seal, CPU ms", f"of {page_cpu_ms:.0f} ms a page", "seal, ms", "read and open, ms"]
    return Table(title, columns, rows, _NOTE)

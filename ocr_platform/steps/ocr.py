"""Stage 2: pages are recognised in batches, each batch staged encrypted and checkpointed before the next."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ocr_platform.models import Job, PageResult, Stage
from ocr_platform.ports import DocumentReader, ObjectStore, OpenDocument, Repository
from ocr_platform.staging import pack, staging_key
from ocr_platform.steps.source import opened_source


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a worker stays with one job; seconds by `clock`, which never runs backwards."""

    batch_pages: int
    batch_seconds: float
    slice_seconds: float
    clock: Callable[[], float] = time.monotonic


def recognise_pages(
    job: Job, store: ObjectStore, reader: DocumentReader, repository: Repository, pace: Pace
) -> Stage | None:
    """Recognise what is unfinished for one time slice, then hand the job on, or back to the queue's end."""
    slice_ends = pace.clock() + pace.slice_seconds
    waiting = repository.unfinished(job.id, pace.batch_pages)
    if waiting:
        with opened_source(job, store, reader) as (document, _format):
            while waiting:
                results = _batch(job, document, reader, waiting, pace)
                staged = store.write(staging_key(job.id), pack(results), "application/json")
                repository.checkpoint(job.id, results, staged)
                waiting = repository.unfinished(job.id, pace.batch_pages)
                if waiting and pace.clock() >= slice_ends:
                    return Stage.OCR
    return Stage.ENCRYPT_UPLOAD if repository.complete(job.id) else None


def _batch(
    job: Job, document: OpenDocument, reader: DocumentReader, numbers: list[int], pace: Pace
) -> list[PageResult]:
    """Recognise pages until the batch is full or its time is over; at least one."""
    ends = pace.clock() + pace.batch_seconds
    results: list[PageResult] = []
    for number in numbers:
        results.append(reader.recognise(document, number, job.options.languages))
        if pace.clock() >= ends:
            break
    return results

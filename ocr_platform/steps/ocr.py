"""Stage 2: pages are claimed and recognised in batches, each staged encrypted and checkpointed before the next."""

from collections.abc import Callable

from ocr_platform.crash_points import CrashPoint, reach
from ocr_platform.errors import ClaimLost, DocumentTimeout
from ocr_platform.models import HandOver, Job, PageResult, Progress, Stage
from ocr_platform.ports import DocumentReader, ObjectStore, OpenDocument, PasswordStore, Repository
from ocr_platform.staging import pack, staging_key
from ocr_platform.steps.pace import Pace
from ocr_platform.steps.source import opened_source


def recognise_pages(
    job: Job,
    store: ObjectStore,
    reader: DocumentReader,
    repository: Repository,
    pace: Pace,
    stopping: Callable[[], bool] = lambda: False,
    passwords: PasswordStore | None = None,
) -> HandOver | None:
    """Recognise pages that nobody has for one time slice, then hand the job on, or back to the queue's end.

    Whoever finishes the last page hands over, worker or helper. Raises ClaimLost.
    """
    began = pace.clock()
    slice_ends = began + pace.slice_seconds
    document_ends = began + pace.document_seconds - job.seconds_spent
    seconds: float | None = None
    left = job.page_count or 0
    helpers = pace.helpers(left)
    numbers = repository.claim_pages(job, pace.batch_of(left, helpers))
    if numbers:
        with opened_source(job, store, reader, passwords) as source:
            while numbers:
                started = pace.clock()
                results = _batch(job, source.document, reader, numbers, pace, stopping, document_ends)
                if results:
                    progress = _checkpointed(job, results, store, repository)
                    if progress.moved:
                        return job.hand_over(Stage.ENCRYPT_UPLOAD)
                    left = progress.left
                    seconds = (pace.clock() - started) / len(results)
                if stopping() or pace.clock() >= slice_ends:
                    # Helpers are offered anew for each slice: what became of the earlier ones need not be known.
                    handed_back = repository.hand_back(job)
                    return job.hand_over(Stage.OCR, pace.helpers(left)) if handed_back else None
                numbers = repository.claim_pages(job, pace.batch_of(left, helpers, seconds))
    # Others hold what is left, and whoever is last hands over. Should they die, the job is due again by then.
    repository.hand_back(job, wait_seconds=pace.lease_seconds)
    return None


def _batch(
    job: Job,
    document: OpenDocument,
    reader: DocumentReader,
    numbers: list[int],
    pace: Pace,
    stopping: Callable[[], bool],
    document_ends: float,
) -> list[PageResult]:
    """Recognise pages until the batch is full, its time is over, or the worker is told to stop.

    Pages for which the document has no time left fail, each by itself: what was read before stays.
    """
    ends = pace.clock() + pace.batch_seconds
    results: list[PageResult] = []
    for number in numbers:
        if stopping():
            break
        reach(CrashPoint.PAGE_STARTED)
        if pace.clock() < document_ends:
            results.append(reader.recognise(document, number, job.options.languages, job.options.reading))
        else:
            results.append(PageResult(number, error=DocumentTimeout.code))
        if pace.clock() >= ends:
            break
    return results


def _checkpointed(job: Job, results: list[PageResult], store: ObjectStore, repository: Repository) -> Progress:
    """Stage a batch and record it. A claim that was lost meanwhile takes its object along."""
    key = staging_key(job.id)
    staged = store.write(key, pack(results), "application/json")
    reach(CrashPoint.STAGED)
    try:
        progress = repository.checkpoint(job, results, staged)
    except ClaimLost:
        store.remove_all(key)
        raise
    reach(CrashPoint.CHECKPOINTED)
    return progress

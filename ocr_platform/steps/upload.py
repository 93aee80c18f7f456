"""Stage 3: the outputs are built from the staged pages and stored, encrypted, at their final place.

The text goes into the database, too, sealed: here, where all pages are in memory, and not where the job ends.
"""

from ocr_platform.crash_points import CrashPoint, reach
from ocr_platform.errors import OutputConflict
from ocr_platform.models import HandOver, Job, Output, OutputFormat, PageResult, Stage
from ocr_platform.outputs import builder_of
from ocr_platform.ports import ObjectStore, OutputLedger, TextSealer
from ocr_platform.staging import results_key, unpack


def encrypt_upload(
    job: Job, store: ObjectStore, ledger: OutputLedger, sealer: TextSealer | None = None
) -> HandOver | None:
    """Write every output that was asked for, and with a sealer the text; nothing when no page could be recognised."""
    pages = _staged_pages(job, store, ledger)
    outputs = []
    if any(page.error is None for page in pages):
        # First: a key that cannot be used is found before anything is stored.
        if sealer is not None:
            if not ledger.record_text(job, sealer.seal(job, pages)):
                return None
            reach(CrashPoint.TEXT_SEALED)
        outputs = [_delivered(job, name, pages, store) for name in job.options.formats]
    recorded = ledger.record_outputs(job, outputs)
    for output in outputs:
        usual = _key(job, output.format)
        if output.stored.key != usual:
            # Two objects are there and one counts; the other one is nobody's any more.
            store.remove_all(usual if recorded else output.stored.key)
    return job.hand_over(Stage.PERSIST) if recorded else None


def _staged_pages(job: Job, store: ObjectStore, ledger: OutputLedger) -> list[PageResult]:
    pages: list[PageResult] = []
    for staged, numbers in ledger.staged(job):
        counted = set(numbers)
        pages.extend(page for page in unpack(store.read(staged)) if page.number in counted)
    return sorted(pages, key=lambda page: page.number)


def _delivered(job: Job, name: OutputFormat, pages: list[PageResult], store: ObjectStore) -> Output:
    """Store one output. Where a worker of another version left other bytes, it goes beside them."""
    builder = builder_of(name)
    body = builder.build(job, pages)
    try:
        stored = store.write(_key(job, name), body, builder.content_type)
    except OutputConflict:
        stored = store.write(_key(job, name, beside=job.fence), body, builder.content_type)
    reach(CrashPoint.OUTPUT_WRITTEN)
    return Output(name, builder.content_type, stored)


def _key(job: Job, name: OutputFormat, beside: int | None = None) -> str:
    """The key of an output: always the same one, or one that belongs to a claim alone."""
    file_name = builder_of(name).file_name
    return results_key(job.tenant, job.id, file_name if beside is None else f"{beside}-{file_name}")

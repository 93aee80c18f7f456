"""Stage 3: the outputs are built from the staged pages and stored, encrypted, at their final place.

The text goes into the database, too, sealed: here, where all pages are in memory, and not where the job ends.
"""

import logging
from collections.abc import Iterator

from ocr_platform.crash_points import CrashPoint, reach
from ocr_platform.errors import DocumentError, OutputConflict, OutputFailed
from ocr_platform.models import HandOver, Job, Output, OutputFormat, PageResult, Stage
from ocr_platform.outputs import OutputBuilder, kind_of
from ocr_platform.ports import DocumentReader, ObjectStore, OutputLedger, PasswordStore, TextSealer
from ocr_platform.staging import results_key, unpack
from ocr_platform.steps.source import opened_source

_log = logging.getLogger(__name__)


def encrypt_upload(
    job: Job,
    store: ObjectStore,
    reader: DocumentReader,
    ledger: OutputLedger,
    sealer: TextSealer | None = None,
    passwords: PasswordStore | None = None,
) -> HandOver | None:
    """Write every output that was asked for, and with a sealer the text; nothing when no page could be recognised.

    An output that cannot be made of this document is left out, and the job says so: the others are not to be lost.
    """
    pages = _staged_pages(job, store, ledger)
    outputs: list[Output] = []
    error: str | None = None
    if any(page.error is None for page in pages):
        # First: a key that cannot be used is found before anything is stored.
        if sealer is not None:
            if not ledger.record_text(job, sealer.seal(job, pages)):
                return None
            reach(CrashPoint.TEXT_SEALED)
        outputs = list(_all_delivered(job, pages, store, reader, passwords))
        error = OutputFailed.code if len(outputs) < len(job.options.formats) else None
    recorded = ledger.record_outputs(job, outputs, error)
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


def _all_delivered(
    job: Job, pages: list[PageResult], store: ObjectStore, reader: DocumentReader, passwords: PasswordStore | None
) -> Iterator[Output]:
    """Build and store the outputs, one after the other, so that only one is in memory."""
    for name in job.options.formats:
        kind = kind_of(name)
        if isinstance(kind, OutputBuilder):
            yield _delivered(job, name, kind.build(job, pages), store)
            continue
        body = _searchable_pdf(job, name, pages, store, reader, passwords)
        if body is not None:
            yield _delivered(job, name, body, store)


def _searchable_pdf(
    job: Job,
    name: OutputFormat,
    pages: list[PageResult],
    store: ObjectStore,
    reader: DocumentReader,
    passwords: PasswordStore | None,
) -> bytes | None:
    """The source as a searchable PDF; None when none can be made of it, which the log explains."""
    try:
        with opened_source(job, store, reader, passwords) as source:
            pdf = reader.searchable_pdf(source.document, pages, archival=name is OutputFormat.PDFA)
    except DocumentError as exc:
        _log.warning("output_failed", extra={"output": name, "code": exc.code})
        return None
    _log.info("pdf_made", extra={"output": name, "way": pdf.way, "bytes": len(pdf.body), "lost": ", ".join(pdf.lost)})
    return pdf.body


def _delivered(job: Job, name: OutputFormat, body: bytes, store: ObjectStore) -> Output:
    """Store one output. Where a worker of another version left other bytes, it goes beside them."""
    content_type = kind_of(name).content_type
    try:
        stored = store.write(_key(job, name), body, content_type)
    except OutputConflict:
        stored = store.write(_key(job, name, beside=job.fence), body, content_type)
    reach(CrashPoint.OUTPUT_WRITTEN)
    return Output(name, content_type, stored)


def _key(job: Job, name: OutputFormat, beside: int | None = None) -> str:
    """The key of an output: always the same one, or one that belongs to a claim alone."""
    file_name = kind_of(name).file_name
    return results_key(job.tenant, job.id, file_name if beside is None else f"{beside}-{file_name}")

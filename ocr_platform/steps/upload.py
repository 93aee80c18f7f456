"""Stage 3: the outputs are built from the staged pages and stored, encrypted, at their final place."""

from ocr_platform.models import Job, Output, OutputFormat, PageResult, Stage
from ocr_platform.outputs import builder_of
from ocr_platform.ports import ObjectStore, OutputLedger
from ocr_platform.staging import results_key, unpack


def encrypt_upload(job: Job, store: ObjectStore, ledger: OutputLedger) -> Stage | None:
    """Write every output that was asked for; none when no page could be recognised."""
    pages = _staged_pages(job, store, ledger)
    outputs = []
    if any(page.error is None for page in pages):
        outputs = [_delivered(job, name, pages, store) for name in job.options.formats]
    return Stage.PERSIST if ledger.record_outputs(job.id, outputs) else None


def _staged_pages(job: Job, store: ObjectStore, ledger: OutputLedger) -> list[PageResult]:
    pages: list[PageResult] = []
    for staged, numbers in ledger.staged(job.id):
        counted = set(numbers)
        pages.extend(page for page in unpack(store.read(staged)) if page.number in counted)
    return sorted(pages, key=lambda page: page.number)


def _delivered(job: Job, name: OutputFormat, pages: list[PageResult], store: ObjectStore) -> Output:
    builder = builder_of(name)
    key = results_key(job.tenant, job.id, builder.file_name)
    stored = store.write(key, builder.build(job, pages), builder.content_type)
    return Output(name, builder.content_type, stored)

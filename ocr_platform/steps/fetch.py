"""Stage 1: the source is read and proved to be what was submitted; its pages become a queue."""

from ocr_platform.errors import LanguageMissing
from ocr_platform.models import AUTO_LANGUAGES, HandOver, Job, Stage
from ocr_platform.ports import DocumentReader, ObjectStore, PageQueue, PasswordStore
from ocr_platform.steps.pace import Pace
from ocr_platform.steps.source import opened_source


def fetch_decrypt(
    job: Job,
    store: ObjectStore,
    reader: DocumentReader,
    pages: PageQueue,
    pace: Pace,
    passwords: PasswordStore | None = None,
) -> HandOver | None:
    """Check languages, protection, size, checksum and format, then plan the pages.

    Raises a DocumentError for whatever is wrong with the document or the request.
    """
    _require_languages(job, reader)
    with opened_source(job, store, reader, passwords) as source:
        count = reader.count_pages(source.document)
        moved = pages.record_plan(job, source.facts, source.document.sha256, source.format, count)
    return job.hand_over(Stage.OCR, pace.helpers(count)) if moved else None


def _require_languages(job: Job, reader: DocumentReader) -> None:
    there = reader.languages()
    missing = [name for name in job.options.languages if name not in there and name != AUTO_LANGUAGES]
    if missing:
        raise LanguageMissing(
            f"No model for {', '.join(missing)} on the workers; installed are {', '.join(sorted(there))}."
        )

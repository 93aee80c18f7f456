"""Opening a job's source: what fetch and ocr have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

from ocr_platform.crash_points import CrashPoint, reach
from ocr_platform.errors import FormatUnsupported, SourceChanged
from ocr_platform.models import DocumentFormat, Job
from ocr_platform.ports import DocumentReader, ObjectStore, OpenDocument


@contextmanager
def opened_source(
    job: Job, store: ObjectStore, reader: DocumentReader
) -> Iterator[tuple[OpenDocument, DocumentFormat]]:
    """The job's source in memory, the very bytes that the first stage saw, and its format."""
    with store.open_source(job.source) as (_facts, chunks), reader.load(_passing(chunks)) as document:
        if job.source_sha256 is not None and document.sha256 != job.source_sha256:
            raise SourceChanged
        if document.format is None:
            raise FormatUnsupported
        yield document, document.format


def _passing(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        reach(CrashPoint.FETCHING)
        yield chunk

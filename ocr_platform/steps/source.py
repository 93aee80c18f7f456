"""Opening a job's source: what fetch and ocr have in common."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ocr_platform.crash_points import CrashPoint, reach
from ocr_platform.errors import FormatUnsupported, SourceChanged
from ocr_platform.models import DocumentFormat, Job
from ocr_platform.ports import DocumentReader, ObjectStore, OpenDocument

_log = logging.getLogger(__name__)


@contextmanager
def opened_source(
    job: Job, store: ObjectStore, reader: DocumentReader
) -> Iterator[tuple[OpenDocument, DocumentFormat]]:
    """The job's source in memory, the very bytes that the first stage saw, and its format.

    Bytes that are not what they should be are fetched once more: it may have been the way here. Raises SourceChanged.
    """
    with ExitStack() as held:
        try:
            document = _fetched(job, store, reader, held)
        except SourceChanged:
            _log.warning("source_fetched_again")
            held.close()
            document = _fetched(job, store, reader, held)
        if document.format is None:
            raise FormatUnsupported
        yield document, document.format


def _fetched(job: Job, store: ObjectStore, reader: DocumentReader, held: ExitStack) -> OpenDocument:
    """The document, which `held` closes; the connection to the store is free again."""
    with store.open_source(job.source) as (_facts, chunks):
        document = held.enter_context(reader.load(_passing(chunks)))
    if job.source_sha256 is not None and document.sha256 != job.source_sha256:
        raise SourceChanged
    return document


def _passing(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        reach(CrashPoint.FETCHING)
        yield chunk

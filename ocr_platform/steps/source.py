"""Opening a job's source: what fetch and ocr have in common."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from ocr_platform.crash_points import CrashPoint, reach
from ocr_platform.errors import FormatUnsupported, PasswordUnavailable, SourceChanged
from ocr_platform.models import DocumentFormat, Job, SourceFacts
from ocr_platform.ports import DocumentReader, ObjectStore, OpenDocument, PasswordStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A source in memory, its format, and what S3 said of it in the answer that brought it."""

    document: OpenDocument
    format: DocumentFormat
    facts: SourceFacts


@contextmanager
def opened_source(
    job: Job, store: ObjectStore, reader: DocumentReader, passwords: PasswordStore | None = None
) -> Iterator[OpenSource]:
    """The job's source, the very bytes that the first stage saw, with its password if the job names one.

    Bytes that are not what they should be are fetched once more: it may have been the way here. Raises SourceChanged,
    and as `PasswordStore.password`.
    """
    password = _password(job, passwords)
    with ExitStack() as held:
        try:
            facts, document = _fetched(job, store, reader, held, password)
        except SourceChanged:
            _log.warning("source_fetched_again")
            held.close()
            facts, document = _fetched(job, store, reader, held, password)
        if document.format is None:
            raise FormatUnsupported
        yield OpenSource(document, document.format, facts)


def _password(job: Job, passwords: PasswordStore | None) -> str | None:
    if job.options.password_secret is None:
        return None
    if passwords is None:
        raise PasswordUnavailable
    return passwords.password(job.options.password_secret, job.tenant)


def _fetched(
    job: Job, store: ObjectStore, reader: DocumentReader, held: ExitStack, password: str | None
) -> tuple[SourceFacts, OpenDocument]:
    """The document, which `held` closes; the connection to the store is free again."""
    with store.open_source(job.source, job.tenant) as (facts, chunks):
        document = held.enter_context(reader.load(_passing(chunks), password))
    if job.source_sha256 is not None and document.sha256 != job.source_sha256:
        raise SourceChanged
    return facts, document


def _passing(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        reach(CrashPoint.FETCHING)
        yield chunk

"""What the steps need from the outside, as small Protocols. Adapters and fakes implement them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from ocr_platform.models import (
    DocumentFormat,
    Job,
    JobState,
    Output,
    PageResult,
    Progress,
    Reading,
    SealedText,
    SearchablePdf,
    SourceFacts,
    SourceRef,
    Stage,
    StoredObject,
    WrappedKey,
)


class ObjectStore(Protocol):
    """Encrypted objects. Each method proves the protection from the same answer that carries the bytes."""

    def open_source(
        self, source: SourceRef, tenant: str
    ) -> AbstractContextManager[tuple[SourceFacts, Iterator[bytes]]]:
        """Open one version of a tenant's source: facts first, then the body in chunks, not read until asked for."""
        ...

    def write(self, key: str, body: bytes, content_type: str) -> StoredObject:
        """Store `body` under a key that is still free; the same bytes again are accepted."""
        ...

    def read(self, stored: StoredObject) -> bytes:
        """Read back what `write` stored, the same version and the same bytes."""
        ...

    def probe(self) -> None:
        """Do once, with a few bytes, what every document needs. Raises what a document would meet."""
        ...

    def remove_all(self, prefix: str) -> int:
        """Remove every version of every object under `prefix`; return how many."""
        ...


class KeyService(Protocol):
    """Data keys. A key is bound to its context: names and values that are no secret, and that the log of KMS shows."""

    def generate(self, context: Mapping[str, str]) -> tuple[bytes, WrappedKey]:
        """A new data key of 32 bytes, plain and wrapped. Raises KeyUnusable, KmsUnavailable."""
        ...

    def unwrap(self, key: WrappedKey, context: Mapping[str, str]) -> bytes:
        """The plain data key. Raises TextNotAuthentic for another context, KeyUnusable, KmsUnavailable."""
        ...

    def rewrap(self, key: WrappedKey, context: Mapping[str, str]) -> WrappedKey:
        """The same data key wrapped by the current KMS key; nobody sees it plain. Raises as `unwrap`."""
        ...


class TextSealer(Protocol):
    """Seals what was recognised for the database."""

    def seal(self, job: Job, pages: Sequence[PageResult]) -> SealedText:
        """Seal the text of the pages that were recognised, under a new data key. Raises as `KeyService.generate`."""
        ...


class BreakerLog(Protocol):
    """Which processes take no work, for whoever watches."""

    def open(self, name: str, code: str) -> None:
        """Note that the process `name` waits for the end of a fault, or still does."""
        ...

    def close(self, name: str) -> None:
        """Note that it works again."""
        ...


class OpenDocument(Protocol):
    """A document in memory; `sha256` is hex, `format` None when the content is of no known kind."""

    @property
    def sha256(self) -> str:
        """Hex digest of its bytes."""
        ...

    @property
    def format(self) -> DocumentFormat | None:
        """Its format by content."""
        ...


class DocumentReader(Protocol):
    """Decodes and recognises foreign bytes, where they can do no harm."""

    def load(self, chunks: Iterable[bytes], password: str | None = None) -> AbstractContextManager[OpenDocument]:
        """Take a document into memory; it is wiped when the context ends. A PDF may need a `password`."""
        ...

    def count_pages(self, document: OpenDocument) -> int:
        """Count pages; raises a DocumentError when the document cannot be opened or has too many."""
        ...

    def recognise(
        self, document: OpenDocument, number: int, languages: Sequence[str], reading: Reading = ...
    ) -> PageResult:
        """Read page `number` (from 1). Faults of the page are in the result, never raised."""
        ...

    def searchable_pdf(
        self, document: OpenDocument, pages: Sequence[PageResult], *, archival: bool = False
    ) -> SearchablePdf:
        """The document as a PDF with the words of all its pages, which are given in order; `archival` makes it PDF/A.

        The same document and pages give the same bytes. Raises a DocumentError when none can be made.
        """
        ...

    def languages(self) -> frozenset[str]:
        """Names of the language models that are installed."""
        ...


class PasswordStore(Protocol):
    """Passwords of documents, by reference."""

    def password(self, secret: str, tenant: str) -> str:
        """The password in a tenant's secret. Raises PasswordUnavailable, SecretsUnavailable, CredentialsRefused."""
        ...


class ClaimLog(Protocol):
    """Who may work on a job. What comes under an old claim changes nothing."""

    def claim(self, job_id: UUID, stage: Stage, wake: int | None = None) -> Job | None:
        """Take the job for this stage, by a message sent at that fence; None when it is not to be had."""
        ...

    def assist(self, job_id: UUID) -> Job | None:
        """The job for a helper, who claims only pages; None when there is nothing to help with."""
        ...

    def renew(self, job: Job) -> None:
        """Make the lease whole again. Raises ClaimLost."""
        ...

    def hand_back(self, job: Job, wait_seconds: float | None = None) -> bool:
        """End a claim in good order, its attempt given back; True when the caller is to wake the next worker."""
        ...

    def hold(self, job: Job, code: str, wait_seconds: float) -> bool:
        """End a claim that met a fault of the installation: it counts neither as attempt nor as claim.

        A worker is woken after `wait_seconds`. False when the claim was lost, and for helpers.
        """
        ...

    def retry_later(self, job: Job, wait: Callable[[int], float]) -> bool:
        """End a claim that failed; a worker is woken after `wait(attempts)` seconds. False when no attempt is left."""
        ...

    def fail(self, job: Job, code: str, message: str) -> bool:
        """End the job as failed."""
        ...

    def postpone(self, job_id: UUID, stage: Stage) -> None:
        """Keep a message that could not be published, for the reaper to publish later."""
        ...


class PageQueue(Protocol):
    """The pages of a job as a queue inside the job."""

    def record_plan(self, job: Job, facts: SourceFacts, sha256: str, format: DocumentFormat, pages: int) -> bool:
        """Store what the fetch found, a row a page, and move the job on to `ocr`."""
        ...

    def claim_pages(self, job: Job, limit: int) -> list[int]:
        """Take up to `limit` pages that nobody holds; their numbers, in order. Raises ClaimLost."""
        ...

    def checkpoint(self, job: Job, results: Sequence[PageResult], staged: StoredObject) -> Progress:
        """Record finished pages and where their results are staged; with the last one the job moves on.

        Raises ClaimLost.
        """
        ...


class OutputLedger(Protocol):
    """What a job has staged and delivered."""

    def staged(self, job: Job) -> list[tuple[StoredObject, list[int]]]:
        """Staged objects with the page numbers that count in each."""
        ...

    def record_text(self, job: Job, text: SealedText) -> bool:
        """Store sealed text in the place of any that an earlier try left. False when the claim was lost."""
        ...

    def record_outputs(self, job: Job, outputs: Sequence[Output], error: str | None = None) -> bool:
        """Store the outputs and move the job on to `persist`; `error` is the code of what one of them failed with."""
        ...

    def finish(self, job: Job) -> JobState | None:
        """Sum the pages up and end the job; None when somebody else did."""
        ...


class Repository(ClaimLog, PageQueue, OutputLedger, Protocol):
    """All three: what the stages are given."""

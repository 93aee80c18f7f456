"""In-memory fakes of the ports, for applications' tests and our own: no S3, no Postgres, no recogniser.

    store, repository, reader = InMemoryStore(), InMemoryRepository(), FakeReader(["Dear Ms Roe,"])
    job_id = repository.add(store.put_source(b"%PDF-1.7 ..."))

They keep the rules of the real ones: protection is checked before a body is read, nothing is overwritten, and a
job moves only out of the stage that it is in. Faults are put in by `inject` and by the reader's `faults`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from ocr_platform.errors import (
    DocumentDamaged,
    OutputConflict,
    PageDamaged,
    PageError,
    RecognitionFailed,
    SourceChanged,
    SourceEmpty,
    SourceMissing,
    SourceNotAllowed,
    SourceNotEncrypted,
    SourceTooLarge,
    SourceUnversioned,
    SourceWrongKey,
    classes_by_code,
)
from ocr_platform.models import (
    DocumentFormat,
    Fault,
    Job,
    JobOptions,
    JobState,
    JobStatus,
    Output,
    PageResult,
    SourceFacts,
    SourceRef,
    Stage,
    StoredObject,
    Word,
)
from ocr_platform.ocr.formats import sniff
from ocr_platform.ports import OpenDocument

KMS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000"
OTHER_KMS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/11111111-1111-4111-8111-111111111111"
_OWN_PREFIXES = ("work/", "results/")


class Faulty:
    """What the fakes have in common: errors can be planned for the next calls of a method."""

    def __init__(self) -> None:
        self._planned: dict[str, list[Exception]] = {}

    def inject(self, method: str, error: Exception, times: int = 1) -> None:
        """Have the next `times` calls of `method` raise `error`."""
        self._planned.setdefault(method, []).extend([error] * times)

    def _meet(self, method: str) -> None:
        if self._planned.get(method):
            raise self._planned[method].pop(0)


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A source as the bucket holds it; without `kms_key_id` it is not encrypted with SSE-KMS."""

    body: bytes
    kms_key_id: str | None = KMS_KEY


class InMemoryStore(Faulty):
    """Implements `ports.ObjectStore` in a dict. `objects` and `content_types`, by key, are what the platform wrote."""

    def __init__(self, bucket: str = "documents", max_source_bytes: int = 1024 * 1024) -> None:
        super().__init__()
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.content_types: dict[str, str] = {}
        self._versions: dict[str, str] = {}
        self._sources: dict[SourceRef, StoredSource] = {}
        self._max_source_bytes = max_source_bytes

    def put_source(
        self,
        body: bytes,
        key: str = "uploads/document",
        *,
        version_id: str | None = None,
        kms_key_id: str | None = KMS_KEY,
    ) -> SourceRef:
        """Upload a source; the version `null` is that of a bucket which keeps none."""
        source = SourceRef(self.bucket, key, version_id or uuid4().hex)
        self._sources[source] = StoredSource(body, kms_key_id)
        return source

    def tamper(self, key: str, body: bytes) -> None:
        """Replace what the platform wrote, as somebody with access to the bucket could."""
        self.objects[key] = body

    @contextmanager
    def open_source(self, source: SourceRef) -> Iterator[tuple[SourceFacts, Iterator[bytes]]]:
        """Open a source. Raises the DocumentErrors that S3 would cause."""
        self._meet("open_source")
        if source.bucket != self.bucket or source.key.startswith(_OWN_PREFIXES) or not source.key:
            raise SourceNotAllowed
        found = self._sources.get(source)
        if found is None:
            raise SourceMissing
        if found.kms_key_id is None:
            raise SourceNotEncrypted
        if found.kms_key_id != KMS_KEY:
            raise SourceWrongKey
        if source.version_id == "null":
            raise SourceUnversioned
        if not found.body:
            raise SourceEmpty
        if len(found.body) > self._max_source_bytes:
            raise SourceTooLarge
        middle = len(found.body) // 2
        yield SourceFacts(source.version_id, len(found.body)), iter((found.body[:middle], found.body[middle:]))

    def write(self, key: str, body: bytes, content_type: str) -> StoredObject:
        """Store an object; the same bytes again are the same object. Raises OutputConflict for other bytes."""
        self._meet("write")
        if self.objects.setdefault(key, body) != body:
            raise OutputConflict
        self.content_types[key] = content_type
        version = self._versions.setdefault(key, uuid4().hex)
        return StoredObject(self.bucket, key, version, len(body), hashlib.sha256(body).hexdigest(), KMS_KEY, True)

    def read(self, stored: StoredObject) -> bytes:
        """Read an object back. Raises SourceMissing, or SourceChanged when the bytes are others."""
        self._meet("read")
        if self._versions.get(stored.key) != stored.version_id:
            raise SourceMissing
        body = self.objects[stored.key]
        if hashlib.sha256(body).hexdigest() != stored.sha256:
            raise SourceChanged
        return body

    def remove_all(self, prefix: str) -> int:
        """Remove what lies under a prefix."""
        self._meet("remove_all")
        doomed = [key for key in self.objects if key.startswith(prefix)]
        for key in doomed:
            del self.objects[key], self.content_types[key], self._versions[key]
        return len(doomed)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as the repository holds it; `pages` by number, None for one that is pending."""

    job: Job
    created_at: datetime
    state: JobState = JobState.QUEUED
    stage: Stage = Stage.FETCH_DECRYPT
    error: Fault | None = None
    pages: Mapping[int, tuple[PageResult, StoredObject] | None] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    confidence: float | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def finished_pages(self) -> list[PageResult]:
        """Results of the pages that are not pending, in order."""
        return [entry[0] for _, entry in sorted(self.pages.items()) if entry is not None]


class InMemoryRepository(Faulty):
    """Implements `ports.Repository` with the conditional moves of `db.repository`. Not for several threads."""

    def __init__(self) -> None:
        super().__init__()
        self._records: dict[UUID, JobRecord] = {}

    def add(self, source: SourceRef, options: JobOptions | None = None, tenant: str = "default") -> UUID:
        """Submit a job and return its id."""
        job = Job(uuid4(), tenant, source, options or JobOptions())
        self._records[job.id] = JobRecord(job, created_at=datetime.now(UTC))
        return job.id

    def displace(self, job_id: UUID, *, state: JobState | None = None, stage: Stage | None = None) -> None:
        """Move a job past all rules, as another worker or an operator may have done in between."""
        record = self._records[job_id]
        self._records[job_id] = replace(record, state=state or record.state, stage=stage or record.stage)

    def job(self, job_id: UUID) -> Job:
        """A job as a stage sees it, whatever stage it is in."""
        return self._records[job_id].job

    def status(self, job_id: UUID) -> JobStatus:
        """A job as its submitter sees it."""
        record = self._records[job_id]
        done = record.finished_pages
        return JobStatus(
            job_id=job_id,
            tenant=record.job.tenant,
            state=record.state,
            stage=None if record.state.terminal else record.stage,
            error=record.error,
            pages=record.job.page_count,
            pages_done=len(done),
            pages_failed={page.number: page.error for page in done if page.error is not None},
            confidence=record.confidence,
            created_at=record.created_at,
            started_at=record.started_at,
            finished_at=record.finished_at,
            outputs=record.outputs if record.state.terminal else (),
        )

    def begin(self, job_id: UUID, stage: Stage) -> Job | None:
        """Mark the job as running; None when it is not in this stage."""
        self._meet("begin")
        record = self._at(job_id, stage)
        if record is None:
            return None
        started = record.started_at or datetime.now(UTC)
        self._records[job_id] = replace(record, state=JobState.RUNNING, started_at=started)
        return record.job

    def fail(self, job_id: UUID, stage: Stage, code: str, message: str) -> bool:
        """End the job as failed."""
        self._meet("fail")
        return self._end(self._at(job_id, stage), JobState.FAILED, Fault(code, message), None)

    def record_plan(self, job_id: UUID, sha256: str, format: DocumentFormat, pages: int) -> bool:
        """Store the plan and move the job on to `ocr`."""
        self._meet("record_plan")
        record = self._at(job_id, Stage.FETCH_DECRYPT)
        if record is None:
            return False
        job = replace(record.job, source_sha256=sha256, source_format=format, page_count=pages)
        planned = dict.fromkeys(range(1, pages + 1))
        self._records[job_id] = replace(record, job=job, stage=Stage.OCR, pages=planned)
        return True

    def unfinished(self, job_id: UUID, limit: int) -> list[int]:
        """Numbers of pending pages, in order."""
        self._meet("unfinished")
        return sorted(number for number, entry in self._records[job_id].pages.items() if entry is None)[:limit]

    def checkpoint(self, job_id: UUID, results: Sequence[PageResult], staged: StoredObject) -> int:
        """Record pages that are still pending; others stay as they are."""
        self._meet("checkpoint")
        record = self._records[job_id]
        new = {page.number: (page, staged) for page in results if record.pages.get(page.number, page) is None}
        self._records[job_id] = replace(record, pages={**record.pages, **new})
        return len(new)

    def complete(self, job_id: UUID) -> bool:
        """Move the job on to `encrypt_upload` unless a page is pending."""
        self._meet("complete")
        record = self._at(job_id, Stage.OCR)
        if record is None or None in record.pages.values():
            return False
        self._records[job_id] = replace(record, stage=Stage.ENCRYPT_UPLOAD)
        return True

    def staged(self, job_id: UUID) -> list[tuple[StoredObject, list[int]]]:
        """Staged objects, each with the pages that count in it."""
        self._meet("staged")
        found: dict[StoredObject, list[int]] = {}
        for number, entry in self._records[job_id].pages.items():
            if entry is not None:
                found.setdefault(entry[1], []).append(number)
        return list(found.items())

    def record_outputs(self, job_id: UUID, outputs: Sequence[Output]) -> bool:
        """Store the outputs and move the job on to `persist`."""
        self._meet("record_outputs")
        record = self._at(job_id, Stage.ENCRYPT_UPLOAD)
        if record is None:
            return False
        self._records[job_id] = replace(record, stage=Stage.PERSIST, outputs=tuple(outputs))
        return True

    def finish(self, job_id: UUID) -> JobState | None:
        """Sum the pages up and end the job."""
        self._meet("finish")
        record = self._at(job_id, Stage.PERSIST)
        if record is None:
            return None
        state, fault, confidence = _summary(record.finished_pages)
        return state if self._end(record, state, fault, confidence) else None

    def _at(self, job_id: UUID, stage: Stage) -> JobRecord | None:
        """The job while it is open and in `stage`."""
        record = self._records.get(job_id)
        return record if record and record.stage is stage and not record.state.terminal else None

    def _end(self, record: JobRecord | None, state: JobState, error: Fault | None, confidence: float | None) -> bool:
        if record is None:
            return False
        ended = replace(record, state=state, error=error, confidence=confidence, finished_at=datetime.now(UTC))
        self._records[record.job.id] = ended
        return True


def _summary(pages: Sequence[PageResult]) -> tuple[JobState, Fault | None, float | None]:
    """State, error and confidence that a job's pages add up to."""
    codes = sorted(page.error for page in pages if page.error is not None)
    letters = sum(page.letters for page in pages)
    confidence = sum(page.confidence * page.letters for page in pages) / letters if letters else 0.0
    if not codes:
        return JobState.SUCCEEDED, None, confidence
    if len(codes) < len(pages):
        return JobState.PARTIAL, None, confidence
    code = DocumentDamaged.code if codes[0] == PageDamaged.code else codes[0]
    return JobState.FAILED, Fault(code, classes_by_code()[code].default_message), None


@dataclass(frozen=True, slots=True, eq=False)
class FakeDocument:
    """Implements `ports.OpenDocument`."""

    sha256: str
    format: DocumentFormat | None


class FakeReader:
    """Implements `ports.DocumentReader`: every document has the same pages, with the texts that it is given.

    `faults` by page number: a PageError becomes that page's result, any other exception is raised there.
    `document_fault` is raised when pages are counted. `recognised` lists the pages that were asked for, in order.
    """

    def __init__(
        self,
        pages: Sequence[str] = ("Lorem ipsum",),
        *,
        faults: Mapping[int, Exception] | None = None,
        document_fault: Exception | None = None,
        languages: Iterable[str] = ("eng",),
        confidence: float = 90.0,
    ) -> None:
        self.recognised: list[int] = []
        self._pages = tuple(pages)
        self._faults = dict(faults or {})
        self._document_fault = document_fault
        self._languages = frozenset(languages)
        self._confidence = confidence
        self._open: list[OpenDocument] = []

    @contextmanager
    def load(self, chunks: Iterable[bytes]) -> Iterator[OpenDocument]:
        """Take a document; it can be asked about until the context ends."""
        body = b"".join(chunks)
        document = FakeDocument(hashlib.sha256(body).hexdigest(), sniff(body))
        self._open.append(document)
        try:
            yield document
        finally:
            self._open.remove(document)

    def count_pages(self, document: OpenDocument) -> int:
        """How many texts there are."""
        self._require_open(document)
        if self._document_fault is not None:
            raise self._document_fault
        return len(self._pages)

    def recognise(self, document: OpenDocument, number: int, languages: Sequence[str]) -> PageResult:
        """The text of a page, its words side by side in boxes of 100 by 20 pixels."""
        self._require_open(document)
        self.recognised.append(number)
        fault = self._faults.get(number)
        if not self._languages.issuperset(languages):
            fault = RecognitionFailed()
        if isinstance(fault, PageError):
            return PageResult(number, error=fault.code)
        if fault is not None:
            raise fault
        text = self._pages[number - 1]
        words = tuple(
            Word(word, 100 * place, 0, 100, 20, self._confidence, 1, 1, 1) for place, word in enumerate(text.split())
        )
        return PageResult(number, width=2480, height=3508, dpi=300, text=text, words=words, seconds=0.1)

    def languages(self) -> frozenset[str]:
        """The models that it was given."""
        return self._languages

    def _require_open(self, document: OpenDocument) -> None:
        if document not in self._open:
            raise TypeError("a document that this reader has loaded and not let go")

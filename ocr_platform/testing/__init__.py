"""In-memory fakes of the ports, for applications' tests and our own: no S3, no Postgres, no recogniser.

    store, repository, reader = InMemoryStore(), InMemoryRepository(), FakeReader(["Dear Ms Roe,"])
    job_id = repository.add(store.put_source(b"%PDF-1.7 ..."))
    job = repository.claim(job_id, Stage.FETCH_DECRYPT)

They keep the rules of the real ones: protection is checked before a body is read, nothing is overwritten, and a job
moves only out of the stage that it is in, under its newest claim. Faults are put in by `inject` and by the reader's
`faults`; time passes by `expire`.
"""

from ocr_platform.testing.keys import InMemoryKeys
from ocr_platform.testing.passwords import InMemoryPasswords
from ocr_platform.testing.reader import FakeDocument, FakeReader
from ocr_platform.testing.records import JobRecord, PageRecord
from ocr_platform.testing.repository import InMemoryRepository
from ocr_platform.testing.store import KMS_KEY, OTHER_KMS_KEY, InMemoryStore, StoredSource

__all__ = [
    "KMS_KEY",
    "OTHER_KMS_KEY",
    "FakeDocument",
    "FakeReader",
    "InMemoryKeys",
    "InMemoryPasswords",
    "InMemoryRepository",
    "InMemoryStore",
    "JobRecord",
    "PageRecord",
    "StoredSource",
]

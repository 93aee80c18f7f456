"""Jobs in a given stage, page results, whole rows to compare, and races between threads."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, event, func, insert, select, text, update

from ocr_platform.db import submission
from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import Base, JobRow, PageRow
from ocr_platform.models import (
    Job,
    JobOptions,
    JobState,
    Output,
    OutputFormat,
    PageResult,
    SourceFacts,
    SourceRef,
    Stage,
    StoredObject,
    Word,
)

T = TypeVar("T")
KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
SHA256 = "ab" * 32
FACTS = SourceFacts("version-1", 1000, "aws:kms", KEY_ARN, True, "SHA256 q80=")
PATIENCE = timedelta(seconds=30)


@contextmanager
def in_transaction(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction is rolled back, with its locks, unless the block commits it."""
    with engine.execution_options(isolation_level="READ COMMITTED").connect() as connection:
        yield connection


def request(**changed: Any) -> submission.NewJob:
    """A submission."""
    values: dict[str, Any] = {
        "tenant": "default",
        "source": SourceRef("bucket", "uploads/a", "version-1"),
        "source_size": 1000,
        "options": JobOptions(),
    }
    return submission.NewJob(**(values | changed))


def submitted(engine: Engine, **changed: Any) -> UUID:
    """A job that waits for its first stage."""
    return submission.submit(engine, request(**changed)).job_id


def job_in(engine: Engine, stage: Stage, *, pages: int | None = None, **values: Any) -> UUID:
    """A job that waits in `stage`, with that many pending pages, and with other values in its row where given."""
    job_id = submitted(engine)
    pages = None if stage is Stage.FETCH_DECRYPT else pages  # nobody has counted them yet
    planned = {"page_count": pages, "pages_left": pages, "state": JobState.RUNNING, "stage": stage}
    change(engine, job_id, **(planned | values))
    if pages:
        with engine.begin() as connection:
            rows = [{"job_id": job_id, "number": number} for number in range(1, pages + 1)]
            connection.execute(insert(PageRow), rows)
    return job_id


def claimed(repository: JobRepository, job_id: UUID, stage: Stage, wake: int | None = None) -> Job:
    """The job under a claim that was granted, by a message that was sent at the fence `wake`."""
    job = repository.claim(job_id, stage, wake)
    assert job is not None
    return job


def job_claimed_in(
    repository: JobRepository, stage: Stage, *, pages: int | None = None, wake: int | None = 0, **values: Any
) -> Job:
    return claimed(repository, job_in(repository.engine, stage, pages=pages, **values), stage, wake)


def helper_of(repository: JobRepository, job_id: UUID) -> Job:
    """The job as a helper has it."""
    job = repository.assist(job_id)
    assert job is not None
    return job


def change(engine: Engine, job_id: UUID, **values: Any) -> None:
    """Write into the job's row, past all rules."""
    with engine.begin() as connection:
        connection.execute(update(JobRow).where(JobRow.id == job_id).values(**values))


def ago(seconds: float) -> Any:
    """A moment by the database's clock."""
    return func.now() - timedelta(seconds=seconds)


def expire(engine: Engine, job_id: UUID) -> None:
    """Let the leases of the job and of its pages have ended a second ago."""
    with engine.begin() as connection:
        for table, mine in ((JobRow, JobRow.id == job_id), (PageRow, PageRow.job_id == job_id)):
            lapsed = update(table).where(mine, table.lease_until.is_not(None)).values(lease_until=ago(1))
            connection.execute(lapsed)


def row_of(engine: Engine, job_id: UUID) -> Any:
    """The job as it is stored."""
    with engine.begin() as connection:
        return connection.execute(select(*JobRow.__table__.columns).where(JobRow.id == job_id)).one()


def pages_of(engine: Engine, job_id: UUID) -> Sequence[Any]:
    """The job's pages as they are stored, in order."""
    with engine.begin() as connection:
        found = select(*PageRow.__table__.columns).where(PageRow.job_id == job_id).order_by(PageRow.number)
        return connection.execute(found).all()


def everything(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table, each as Postgres writes it."""
    with engine.begin() as connection:
        return everything_on(connection)


def everything_on(connection: Connection) -> dict[str, list[str]]:
    """The same as a transaction sees it."""
    return {
        name: list(connection.scalars(text(f"SELECT CAST(t AS text) FROM {name} t ORDER BY 1")))  # noqa: S608
        for name in Base.metadata.tables
    }


def count(engine: Engine, table: type[Base]) -> int:
    with engine.begin() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def page(number: int, *words: tuple[str, float]) -> PageResult:
    """A page with these words, each with its confidence."""
    read = tuple(Word(text, 10, 10, 50, 20, confidence, 1, 1, 1) for text, confidence in words)
    return PageResult(number, 1000, 1400, 150, " ".join(word.text for word in read), read, 0.5)


def failed(number: int, code: str = "page_damaged") -> PageResult:
    return PageResult(number, error=code)


def stored(key: str = "") -> StoredObject:
    """An object as S3 confirmed it."""
    return StoredObject("bucket", key or f"work/{uuid4()}.json", "version-9", 42, SHA256, KEY_ARN, True)


def output(format: OutputFormat = OutputFormat.TEXT) -> Output:
    return Output(format, "text/plain", stored("results/a"))


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Make all calls in the same moment, each in a thread; return what they return."""
    barrier = threading.Barrier(len(calls))

    def call(function: Callable[[], T]) -> T:
        barrier.wait()
        return function()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


@contextmanager
def counted_statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that are sent while the context is open."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)

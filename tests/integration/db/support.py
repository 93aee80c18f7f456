"""Jobs in a given stage, page results, and races between threads."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Engine, event, insert, select, update

from ocr_platform.db import queries
from ocr_platform.db.tables import JobRow, PageRow
from ocr_platform.models import (
    JobOptions,
    JobState,
    Output,
    OutputFormat,
    PageResult,
    SourceRef,
    Stage,
    StoredObject,
    Word,
)

T = TypeVar("T")
KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
SHA256 = "ab" * 32


def request(**changed: Any) -> queries.NewJob:
    """A submission."""
    values: dict[str, Any] = {
        "tenant": "default",
        "source": SourceRef("bucket", "uploads/a", "version-1"),
        "source_size": 1000,
        "options": JobOptions(),
    }
    return queries.NewJob(**(values | changed))


def job_in(engine: Engine, stage: Stage, *, pages: int = 0, state: JobState = JobState.RUNNING) -> UUID:
    """A job that has come as far as `stage`, with that many pending pages."""
    job_id, _ = queries.submit(engine, request())
    with engine.begin() as connection:
        connection.execute(update(JobRow).where(JobRow.id == job_id).values(stage=stage, state=state))
        for number in range(1, pages + 1):
            connection.execute(insert(PageRow).values(job_id=job_id, number=number))
    return job_id


def row_of(engine: Engine, job_id: UUID) -> Any:
    """The job as it is stored."""
    with engine.begin() as connection:
        return connection.execute(select(*JobRow.__table__.columns).where(JobRow.id == job_id)).one()


def page(number: int, *words: tuple[str, float]) -> PageResult:
    """A page with these words, each with its confidence."""
    read = tuple(Word(text, 10, 10, 50, 20, confidence, 1, 1, 1) for text, confidence in words)
    return PageResult(number, 1000, 1400, 150, " ".join(word.text for word in read), read, 0.5)


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

"""Jobs whose text is sealed: a real database, data keys of a real key service."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import boto3
import pytest
from mypy_boto3_kms import KMSClient
from sqlalchemy import Engine, text

from ocr_platform import Client
from ocr_platform.client import Result
from ocr_platform.db.repository import JobRepository
from ocr_platform.models import Job, PageResult, Stage
from ocr_platform.runtime import Runtime
from tests.conftest import Servers
from tests.integration.db.support import change, claimed, job_claimed_in, output, page, stored

PAGES = (page(1, ("Haemoglobin", 90.0)), page(2), page(3, ("Grüße", 80.0), ("你好", 70.0)))
TEXTS = tuple(each.text for each in PAGES)


@dataclass(frozen=True)
class Texts:
    """Makes jobs on one installation, reads them as an application, and reaches past the platform into its rows."""

    servers: Servers
    engine: Engine
    opened: ExitStack

    @cached_property
    def runtime(self) -> Runtime:
        return self.installation()

    def installation(self, **changed: str) -> Runtime:
        """The services of a process with other settings."""
        made = Runtime(self.servers.settings(**changed))
        self.opened.callback(made.close)
        return made

    def uploading(self, pages: Sequence[PageResult] = PAGES, tenant: str = "clinic") -> Job:
        """A job whose pages are recognised, claimed for the stage that seals them."""
        repository = JobRepository(self.engine, self.runtime.terms)
        job = job_claimed_in(repository, Stage.OCR, pages=len(pages), tenant=tenant)
        repository.claim_pages(job, len(pages))
        assert repository.checkpoint(job, pages, stored()).moved
        return claimed(repository, job.id, Stage.ENCRYPT_UPLOAD)

    def done(self, pages: Sequence[PageResult] = PAGES, tenant: str = "clinic", runtime: Runtime | None = None) -> UUID:
        """A job that has ended well, its text sealed."""
        services = runtime or self.runtime
        job = self.uploading(pages, tenant)
        assert services.repository.record_text(job, services.sealer.seal(job, pages))
        assert services.repository.record_outputs(job, [output()])
        assert services.repository.finish(claimed(services.repository, job.id, Stage.PERSIST))
        return job.id

    def client(self, **changed: str) -> Client:
        """An application with other settings."""
        made = Client(self.servers.settings(**changed))
        self.opened.callback(made.close)
        return made

    @cached_property
    def application(self) -> Client:
        """An application; one for all results, since a connection to AWS takes longer than a test."""
        return self.client()

    def result(self, job_id: UUID, **changed: str) -> Result:
        """What an application has of it."""
        return (self.client(**changed) if changed else self.application).result(job_id)

    def sql(self, statement: str, **values: object) -> list[Any]:
        """The first column of what a statement gives, past the platform."""
        with self.engine.begin() as connection:
            found = connection.execute(text(statement), values)
            return list(found.scalars()) if found.returns_rows else []

    def rows(self) -> tuple[int, int]:
        """How many data keys and how many sealed pages there are."""
        (keys,), (pages,) = (self.sql(f"SELECT count(*) FROM {name}") for name in ("text_keys", "page_texts"))  # noqa: S608
        return keys, pages

    def set(self, job_id: UUID, **values: object) -> None:
        """Write into the job's row."""
        change(self.engine, job_id, **values)


@pytest.fixture
def kms(session: boto3.session.Session, servers: Servers) -> Iterator[KMSClient]:
    client = session.client("kms", endpoint_url=servers.aws.endpoint_url)
    yield client
    client.close()


@pytest.fixture
def texts(engine: Engine, database: Servers) -> Iterator[Texts]:
    with ExitStack() as opened:
        yield Texts(database, engine, opened)


@pytest.fixture
def new_key(kms: KMSClient) -> Callable[[], str]:
    """Makes another KMS key; its ARN."""
    return lambda: kms.create_key()["KeyMetadata"]["Arn"]

"""The three calls that most applications need, on the installation that the environment describes."""

from collections.abc import Iterable
from functools import cache
from typing import IO, TYPE_CHECKING
from uuid import UUID

from ocr_platform.client import Client, Result
from ocr_platform.models import JobStatus, OutputFormat

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@cache
def default_client() -> Client:
    """The client of this process's environment, made at the first call."""
    return Client.from_environment()


def upload(document: IO[bytes]) -> str:
    """Store a document encrypted and return its `s3://` URL; see `Client.upload`."""
    return default_client().upload(document)


def submit(
    source: str,
    *,
    version_id: str | None = None,
    languages: str | Iterable[str] | None = None,
    formats: str | Iterable[str] = tuple(OutputFormat),
    tenant: str = "default",
    client_token: str | None = None,
    session: "Session | None" = None,
) -> UUID:
    """Submit `s3://bucket/key`; see `Client.submit`."""
    return default_client().submit(
        source,
        version_id=version_id,
        languages=languages,
        formats=formats,
        tenant=tenant,
        client_token=client_token,
        session=session,
    )


def status(job_id: UUID | str) -> JobStatus:
    """How a job stands; see `Client.status`."""
    return default_client().status(job_id)


def result(job_id: UUID | str) -> Result:
    """The result of a job that has ended; see `Client.result`."""
    return default_client().result(job_id)

"""The three calls that most applications need, on the installation that the environment describes."""

from functools import cache
from typing import IO, TYPE_CHECKING, Unpack
from uuid import UUID

from ocr_platform.client import Asked, Client, Result
from ocr_platform.models import JobStatus

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@cache
def default_client() -> Client:
    """The client of this process's environment, made at the first call."""
    return Client.from_environment()


def upload(document: IO[bytes]) -> str:
    """Store a document encrypted and return its `s3://` URL; see `Client.upload`."""
    return default_client().upload(document)


def submit(source: str, *, session: "Session | None" = None, **asked: Unpack[Asked]) -> UUID:
    """Submit `s3://bucket/key`; see `Client.submit`."""
    return default_client().submit(source, session=session, **asked)


def status(job_id: UUID | str) -> JobStatus:
    """How a job stands; see `Client.status`."""
    return default_client().status(job_id)


def result(job_id: UUID | str) -> Result:
    """The result of a job that has ended; see `Client.result`."""
    return default_client().result(job_id)

"""Which requests to S3 a rule is for: those about one source, or about one job; and how often boto3 makes them."""

import re
from typing import Any
from uuid import UUID

from ocr_platform.aws.session import s3_client
from ocr_platform.settings import Settings


def configuration(settings: Settings) -> Any:
    """How the platform's client of S3 is set up: botocore's `Config`."""
    client = s3_client(settings)
    client.close()
    return client.meta.config


def tries(settings: Settings) -> int:
    """How often boto3 makes a request that S3 does not answer, before the platform hears of it."""
    return int(configuration(settings).retries["total_max_attempts"])


def tries_seconds(settings: Settings) -> float:
    """How long it may wait in between: up to 1, 2, 4… seconds."""
    return 2.0 ** (tries(settings) - 1) - 1


def source(method: str, url: str) -> bytes:
    """GET or HEAD of a source, of which `url` is the s3:// URL."""
    key = url.rpartition("/")[2]
    return rf"^{method} /\S+/uploads/{re.escape(key)}".encode()


def staged(method: str, job_id: UUID) -> bytes:
    """PUT or GET of what a job has staged."""
    return rf"^{method} /\S+/work/{job_id}/".encode()


def output(job_id: UUID, name: str = "text.txt") -> bytes:
    """PUT of one of a job's outputs; text.txt is the first, words.json the second."""
    return rf"^PUT /\S+/results/\S+/{job_id}/{re.escape(name)}".encode()


def listing(job_id: UUID) -> bytes:
    """The question what a job has staged."""
    return rf"^GET /\S+\?versions&prefix=work%2F{job_id}".encode()


def removal(job_id: UUID) -> bytes:
    """The removal of what a job has staged."""
    return rf"^POST /\S+\?delete .*work/{job_id}/".encode()

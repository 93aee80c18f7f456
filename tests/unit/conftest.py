"""Values that many unit tests start from; nothing here needs a service."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ocr_platform.settings import Settings, load_settings
from ocr_platform.testing import KMS_KEY, InMemoryRepository, InMemoryStore

PDF = b"%PDF-1.7\nany bytes: the fake reader does not look at them"


@pytest.fixture
def environ() -> dict[str, str]:
    """The least that a development installation is described by."""
    return {
        "APP_ENV": "development",
        "AWS_REGION": "eu-central-1",
        "S3_BUCKET_NAME": "documents",
        "KMS_KEY_ID": KMS_KEY,
        "DB_NAME": "ocr",
        "DB_USER": "ocr",
        "DB_PASSWORD": "db-pass-1",
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    return load_settings(environ)


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def repository() -> InMemoryRepository:
    return InMemoryRepository()


@pytest.fixture
def pdf() -> bytes:
    """Bytes whose format is PDF, and nothing else."""
    return PDF


@pytest.fixture
def open_descriptors() -> Callable[[], int]:
    """Counts the file descriptors that this process has open."""
    return lambda: len(list(Path("/proc/self/fd").iterdir()))

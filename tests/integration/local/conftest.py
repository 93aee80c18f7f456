"""A place of its own for the stacks of a module."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import require_services


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """A temporary directory that others may pass through: as root, Postgres runs as somebody else."""
    require_services()
    path = Path(tempfile.mkdtemp(prefix="ocr-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)

"""Readers with real processes and the real recogniser, each with a scratch directory of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ocr_platform.models import EngineName
from ocr_platform.sandbox.reader import SandboxReader
from tests.conftest import require_services
from tests.integration.sandbox.support import ENGINES, ENVIRONMENT, config

MakeReader = Callable[..., SandboxReader]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where the readers of this test have their scratch directories."""
    path = tmp_path / "scratch"
    path.mkdir()
    return path


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineName:
    """Each engine in turn."""
    return EngineName(request.param)


@pytest.fixture
def make_reader(scratch: Path, engine: EngineName) -> Iterator[MakeReader]:
    """Readers that are closed at the end; keyword arguments change their limits."""
    require_services()
    with ExitStack() as closing:

        def make(**changed: Any) -> SandboxReader:
            reader = SandboxReader(config(**({"engine": engine} | changed)), scratch, ENVIRONMENT)
            closing.callback(reader.close)
            return reader

        yield make


@pytest.fixture
def reader(make_reader: MakeReader) -> SandboxReader:
    return make_reader()

"""A reader whose host is the attacker's, with a folder that nothing may be left in."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ocr_platform.models import EngineName
from ocr_platform.sandbox.reader import SandboxReader
from tests.attacks.support import ENVIRONMENT, HOSTILE, config, open_folder
from tests.conftest import require_services


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where readers have their scratch directories; empty again when they are closed."""
    with open_folder() as folder:
        yield folder
        assert list(folder.iterdir()) == []


@pytest.fixture(params=[EngineName.TESSEROCR, EngineName.PYTESSERACT])
def engine(request: pytest.FixtureRequest) -> EngineName:
    return EngineName(request.param)


@pytest.fixture
def reader(folder: Path, engine: EngineName) -> Iterator[SandboxReader]:
    require_services()
    with closing(SandboxReader(config(engine=engine), folder, ENVIRONMENT, HOSTILE)) as reader:
        yield reader

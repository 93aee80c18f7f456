"""A reader whose host is the attacker's, with a folder that nothing may be left in."""

import secrets
from collections.abc import Callable, Iterator
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


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """`rounds(few, many)`: few, or many with --long."""
    long = request.config.getoption("--long")
    return lambda few, many: many if long else few


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A new seed, or that of --seed; shown when the test fails, since pytest then shows what was printed."""
    given: int | None = request.config.getoption("--seed")
    chosen = secrets.randbelow(10**9) if given is None else given
    print(f"again with: --seed {chosen}")
    return chosen

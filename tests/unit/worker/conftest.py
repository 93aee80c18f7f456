from collections.abc import Iterator

import pytest

from ocr_platform.settings import Settings
from tests.unit.worker.support import FakeRuntime, fake_runtime


@pytest.fixture
def runtime(settings: Settings) -> Iterator[FakeRuntime]:
    with fake_runtime(settings) as made:
        yield made

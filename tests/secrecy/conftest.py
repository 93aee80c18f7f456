"""One installation for all tests here: they look at what was seen of it, and plant in it what must be found."""

from collections.abc import Iterator

import pytest

from tests.conftest import Servers
from tests.secrecy.installation import Installation, installation
from tests.secrecy.run import Evidence, crashes, run


@pytest.fixture(scope="module")
def installed(servers: Servers) -> Iterator[Installation]:
    with installation(servers, crashes) as found:
        yield found


@pytest.fixture(scope="module")
def evidence(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return run(installed, tmp_path_factory.mktemp("canary"))

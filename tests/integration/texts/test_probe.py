"""A worker finds out whether everybody's text can be sealed, or one document alone has a fault."""

from collections.abc import Iterator

import pytest

from ocr_platform.errors import KeyUnusable, KmsUnavailable, PlatformError
from ocr_platform.worker.services import WorkerRuntime
from tests.conftest import Servers
from tests.faults.answers import kms_error
from tests.faults.http_wire import HttpWire
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Answer


@pytest.fixture
def way(servers: Servers) -> Iterator[FaultProxy]:
    with FaultProxy(int(servers.aws.endpoint_url.rpartition(":")[2]), HttpWire) as proxy:
        yield proxy


def worker(servers: Servers, way: FaultProxy, **changed: str) -> WorkerRuntime:
    return WorkerRuntime(servers.settings(AWS_ENDPOINT_URL=f"http://127.0.0.1:{way.port}", **changed))


@pytest.mark.parametrize("operation", ["GenerateDataKey", "Decrypt"])
@pytest.mark.parametrize(
    ("code", "becomes"), [("AccessDeniedException", KeyUnusable), ("KMSInternalException", KmsUnavailable)]
)
def test_a_kms_that_refuses_the_platform_itself_is_everybodys_fault(
    servers: Servers, way: FaultProxy, operation: str, code: str, becomes: type[PlatformError]
) -> None:
    # Given a policy that lets the key be used through S3 alone
    way.on(rb"TrentService." + operation.encode(), Answer(kms_error(code)))
    runtime = worker(servers, way)

    with pytest.raises(becomes):
        runtime.probe(KeyUnusable())
    runtime.close()


def test_where_no_text_is_stored_kms_is_not_asked(servers: Servers, way: FaultProxy) -> None:
    asked = way.on(rb"TrentService", Answer(kms_error("AccessDeniedException")))
    runtime = worker(servers, way, OCR_STORE_TEXT="none")

    runtime.probe(KeyUnusable())

    assert asked.hits == 0
    runtime.close()

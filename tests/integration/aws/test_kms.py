"""KMS' answers in the platform's terms."""

import json
from collections.abc import Iterator

import pytest

from ocr_platform.aws.bucket import AllowedKeys
from ocr_platform.aws.kms import KmsKeys
from ocr_platform.aws.session import make_client, make_session
from ocr_platform.errors import KeyUnusable, KmsUnavailable, PlatformError, TextNotAuthentic
from ocr_platform.models import WrappedKey
from tests.conftest import Servers
from tests.faults.answers import kms_error
from tests.faults.http_wire import HttpWire
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Answer, DropAnswer

CONTEXT = {"job": "1", "tenant": "clinic"}
OTHER = "arn:aws:kms:eu-central-1:123456789012:key/somebody-elses"


@pytest.fixture(scope="module")
def way(servers: Servers) -> Iterator[FaultProxy]:
    with FaultProxy(int(servers.aws.endpoint_url.rpartition(":")[2]), HttpWire) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def keys(servers: Servers, way: FaultProxy) -> Iterator[KmsKeys]:
    settings = servers.settings(AWS_ENDPOINT_URL=f"http://127.0.0.1:{way.port}")
    client = make_client(make_session(settings), "kms", settings)
    yield KmsKeys(client, AllowedKeys(servers.aws.kms_key_id))
    client.close()


@pytest.fixture(autouse=True)
def _orderly(way: FaultProxy) -> Iterator[None]:
    yield
    way.clear_rules()


def test_a_data_key_is_unwrapped_for_its_context_alone(keys: KmsKeys) -> None:
    plain, wrapped = keys.generate(CONTEXT)

    assert len(plain) == 32
    assert plain not in wrapped.wrapped
    assert keys.unwrap(wrapped, CONTEXT) == plain
    for context in ({}, {"job": "1"}, CONTEXT | {"job": "2"}, CONTEXT | {"tenant": "other"}, CONTEXT | {"more": "1"}):
        with pytest.raises(TextNotAuthentic):
            keys.unwrap(wrapped, context)


def test_no_key_that_is_not_allowed_is_even_asked_about(keys: KmsKeys, way: FaultProxy) -> None:
    asked = way.on(rb"TrentService", Answer(kms_error("AccessDeniedException")))

    for act in (keys.unwrap, keys.rewrap):
        with pytest.raises(KeyUnusable, match="somebody-elses, which is neither KMS_KEY_ID"):
            act(WrappedKey(OTHER, b"x"), CONTEXT)
    assert asked.hits == 0


@pytest.mark.parametrize(
    ("code", "becomes"),
    [
        ("DisabledException", KeyUnusable),
        ("KMSInvalidStateException", KeyUnusable),
        ("NotFoundException", KeyUnusable),
        ("AccessDeniedException", KeyUnusable),
        ("InvalidKeyUsageException", KeyUnusable),
        ("InvalidCiphertextException", TextNotAuthentic),
        ("IncorrectKeyException", TextNotAuthentic),
        ("ThrottlingException", KmsUnavailable),
        ("KeyUnavailableException", KmsUnavailable),
        ("DependencyTimeoutException", KmsUnavailable),
        ("SomethingNewException", KmsUnavailable),
    ],
)
def test_what_kms_refuses(keys: KmsKeys, way: FaultProxy, code: str, becomes: type[PlatformError]) -> None:
    _, wrapped = keys.generate(CONTEXT)
    way.on(rb"TrentService.Decrypt", Answer(kms_error(code)))

    with pytest.raises(PlatformError) as caught:
        keys.unwrap(wrapped, CONTEXT)
    assert caught.type is becomes


def test_a_kms_that_is_busy_for_a_moment_is_borne(keys: KmsKeys, way: FaultProxy) -> None:
    busy = way.on(rb"TrentService.GenerateDataKey", Answer(kms_error("ThrottlingException")), times=2)

    keys.generate(CONTEXT)

    assert busy.hits == 2


def test_a_kms_that_does_not_answer_is_away(keys: KmsKeys, way: FaultProxy) -> None:
    way.on(rb"TrentService", DropAnswer())

    with pytest.raises(KmsUnavailable):
        keys.generate(CONTEXT)


@pytest.mark.parametrize("operation", ["GenerateDataKey", "ReEncrypt"])
def test_an_answer_under_another_key_than_the_one_asked_for_is_refused(
    keys: KmsKeys, way: FaultProxy, operation: str
) -> None:
    _, wrapped = keys.generate(CONTEXT)
    answer = json.dumps({"KeyId": OTHER, "Plaintext": "eA==", "CiphertextBlob": "eA=="})
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {len(answer)}\r\n\r\n"
    way.on(rb"TrentService." + operation.encode(), Answer((head + answer).encode()))

    with pytest.raises(KeyUnusable, match="another key"):
        keys.generate(CONTEXT) if operation == "GenerateDataKey" else keys.rewrap(wrapped, CONTEXT)

"""Credentials of a role as an instance and a container get them."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import ContainerProvider, InstanceMetadataProvider
from botocore.exceptions import ClientError, CredentialRetrievalError, MetadataRetrievalError
from botocore.utils import ContainerMetadataFetcher, InstanceMetadataFetcher

from tests.conftest import Servers
from tests.credentials.aws import client
from tests.credentials.gate import AwsGate
from tests.credentials.keys import Key
from tests.credentials.listening import HOST
from tests.credentials.roles import RoleEndpoint

CREDENTIALS = "/latest/meta-data/iam/security-credentials/"
TTL = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}


@pytest.fixture
def endpoint(gate: AwsGate, servers: Servers, tmp_path: Path) -> Iterator[RoleEndpoint]:
    keys = (servers.aws.access_key, servers.aws.secret_key)
    with RoleEndpoint(gate, *keys, seconds=3.0, token_file=tmp_path / "token") as running:
        yield running


def instance(endpoint: RoleEndpoint, *, version_1: bool = True) -> dict[str, Any]:
    """What botocore gets from IMDS; empty when it gets nothing."""
    config = {
        "ec2_metadata_service_endpoint": endpoint.imds_environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"],
        "ec2_metadata_v1_disabled": not version_1,
    }
    fetcher: Any = InstanceMetadataFetcher(timeout=2, num_attempts=1, config=config)
    with closing(fetcher._session):
        found: dict[str, Any] = fetcher.retrieve_iam_role_credentials()
    return found


def container(endpoint: RoleEndpoint) -> Any:
    """Botocore's credentials from the endpoint of the container."""
    fetcher: Any = ContainerMetadataFetcher(sleep=lambda _: None)
    with closing(fetcher._session):
        loaded: Any = ContainerProvider(endpoint.ecs_environment, fetcher).load()
        return loaded.get_frozen_credentials()  # asks once more, since the end of the keys is near


def asked(endpoint: RoleEndpoint, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    with closing(HTTPConnection(HOST, endpoint.port, timeout=5)) as connection:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()


def caller(gate: AwsGate, opened: ExitStack, key: Key) -> Any:
    return client("sts", gate.url, opened, key.access_key, key.secret_key, key.token)


def test_botocore_gets_the_instances_keys(gate: AwsGate, endpoint: RoleEndpoint, opened: ExitStack) -> None:
    found = instance(endpoint, version_1=False)

    keys = (found["access_key"], found["secret_key"], found["token"])
    client("sts", gate.url, opened, *keys).get_caller_identity()
    assert found["role_name"] == "ocr-worker"
    assert endpoint.counts == {"token": 1, "role": 1, "credentials": 1}
    assert gate.counts["sts", "AssumeRole", "OK"] == 1


def test_botocore_loads_the_role(endpoint: RoleEndpoint) -> None:
    config = {"ec2_metadata_service_endpoint": f"{endpoint.url}/"}
    fetcher: Any = InstanceMetadataFetcher(timeout=2, num_attempts=1, config=config)
    with closing(fetcher._session):
        credentials: Any = InstanceMetadataProvider(fetcher).load()

    assert credentials.get_frozen_credentials().access_key == endpoint.current().access_key
    assert credentials.method == "iam-role"


def test_botocore_gets_the_containers_keys(gate: AwsGate, endpoint: RoleEndpoint, opened: ExitStack) -> None:
    found = container(endpoint)

    client("sts", gate.url, opened, *found[:3]).get_caller_identity()
    assert endpoint.counts == {"container": 2}


def test_a_container_shows_the_token_that_is_in_its_file_now(endpoint: RoleEndpoint, tmp_path: Path) -> None:
    old = (tmp_path / "token").read_text()
    endpoint.renew_container_token()

    assert asked(endpoint, "GET", "/credentials", {"Authorization": old})[0] == 401
    assert asked(endpoint, "GET", "/credentials?id=x")[0] == 401
    assert container(endpoint).access_key == endpoint.current().access_key
    assert endpoint.counts == {"container unauthorized": 2, "container": 2}


def test_a_container_without_a_token(gate: AwsGate, servers: Servers) -> None:
    with RoleEndpoint(gate, servers.aws.access_key, servers.aws.secret_key) as endpoint:
        assert list(endpoint.ecs_environment) == ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        assert container(endpoint).access_key == endpoint.current().access_key


def test_keys_are_the_same_until_they_are_near_their_end(
    gate: AwsGate, endpoint: RoleEndpoint, opened: ExitStack
) -> None:
    first = endpoint.current()
    sts = caller(gate, opened, first)
    assert endpoint.current() == first
    assert first.expires is not None
    assert first.expires <= datetime.now(UTC) + timedelta(seconds=3)

    while endpoint.current() == first:
        time.sleep(0.02)
    remaining = first.expires - datetime.now(UTC)
    sts.get_caller_identity()  # the old ones live on
    time.sleep(remaining.total_seconds() + 0.05)
    with pytest.raises(ClientError, match="ExpiredToken"):
        sts.get_caller_identity()

    assert timedelta(0) < remaining <= timedelta(seconds=1)
    assert endpoint.issued[0] == first.access_key


def test_what_is_told_is_never_later_than_the_end(endpoint: RoleEndpoint) -> None:
    for _ in range(5):
        key = endpoint.renew()
        told = datetime.fromisoformat(token_and_document(endpoint)["Expiration"])

        assert key.expires is not None
        assert timedelta(0) <= key.expires - told < timedelta(seconds=1)
        time.sleep(0.13)
    assert len(set(endpoint.issued)) == 5


def token_and_document(endpoint: RoleEndpoint) -> dict[str, Any]:
    _, token = asked(endpoint, "PUT", "/latest/api/token", TTL)
    status, text = asked(endpoint, "GET", f"{CREDENTIALS}ocr-worker", {"X-aws-ec2-metadata-token": token})
    assert status == 200
    document: dict[str, Any] = json.loads(text)
    return document


def test_the_document_has_what_an_instance_finds(endpoint: RoleEndpoint) -> None:
    document = token_and_document(endpoint)

    assert list(document) == [
        "Code",
        "LastUpdated",
        "Type",
        "AccessKeyId",
        "SecretAccessKey",
        "Token",
        "Expiration",
    ]
    assert (document["Code"], document["Type"]) == ("Success", "AWS-HMAC")


def test_nothing_without_a_good_token(endpoint: RoleEndpoint) -> None:
    short = {"X-aws-ec2-metadata-token-ttl-seconds": "2"}
    _, token = asked(endpoint, "PUT", "/latest/api/token", short)
    good = {"X-aws-ec2-metadata-token": token}

    assert asked(endpoint, "GET", CREDENTIALS, good) == (200, "ocr-worker")
    assert asked(endpoint, "GET", CREDENTIALS)[0] == 401
    assert asked(endpoint, "GET", CREDENTIALS, {"X-aws-ec2-metadata-token": "false"})[0] == 401
    assert asked(endpoint, "GET", f"{CREDENTIALS}other", good)[0] == 404
    time.sleep(2.05)
    assert asked(endpoint, "GET", CREDENTIALS, good)[0] == 401
    assert endpoint.counts == {"token": 1, "role": 1, "version 1": 1, "unauthorized": 2, "no role": 1}


def test_a_token_is_asked_for_in_the_right_way(endpoint: RoleEndpoint) -> None:
    assert asked(endpoint, "PUT", "/latest/api/token")[0] == 400
    assert asked(endpoint, "PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "21601"})[0] == 400
    assert asked(endpoint, "PUT", "/latest/api/token", TTL | {"X-Forwarded-For": "10.0.0.1"})[0] == 403
    assert asked(endpoint, "GET", "/latest/api/token", TTL)[0] == 405
    assert endpoint.counts == {"token refused": 4}


def test_version_1_answers_when_tokens_are_refused(endpoint: RoleEndpoint) -> None:
    endpoint.tokens_refused = True

    assert instance(endpoint)["access_key"] == endpoint.current().access_key
    assert endpoint.counts["version 1"] == 2
    with pytest.raises(MetadataRetrievalError):
        instance(endpoint, version_1=False)
    assert endpoint.counts["version 1"] == 2
    assert endpoint.counts["token refused"] == 2


def test_no_role_is_attached(endpoint: RoleEndpoint) -> None:
    endpoint.role_attached = False

    assert instance(endpoint) == {}
    with pytest.raises(CredentialRetrievalError):
        container(endpoint)
    assert endpoint.issued == []


@pytest.mark.parametrize("how", ["cut", "error"])
def test_an_outage(endpoint: RoleEndpoint, how: Any) -> None:
    endpoint.outage = how
    assert instance(endpoint) == {}
    with pytest.raises(CredentialRetrievalError):
        container(endpoint)
    assert endpoint.counts["outage"] == sum(endpoint.counts.values()) >= 4

    endpoint.outage = None
    assert container(endpoint).access_key == instance(endpoint)["access_key"]


def test_sts_is_gone(gate: AwsGate, endpoint: RoleEndpoint) -> None:
    with gate.outage("sts"):
        assert instance(endpoint) == {}
    assert endpoint.counts["failed"] == 1

    assert instance(endpoint)["access_key"] == endpoint.current().access_key

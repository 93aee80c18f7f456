"""What a worker says before it ends with exit code 78, one line a fault; from real servers that refuse."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from ocr_platform.db.migrate import migrate
from ocr_platform.local.service import free_ports
from ocr_platform.runtime import Runtime
from tests.conftest import Servers
from tests.credentials.gate import AwsGate
from tests.credentials.roles import RoleEndpoint

Environment = dict[str, str]
_SECONDS = 60


@pytest.fixture(scope="module")
def installation(servers: Servers) -> Servers:
    """Servers with a migrated database."""
    own = servers.with_database()
    runtime = Runtime(own.settings())
    migrate(runtime.engine)
    runtime.close()
    return own


@pytest.fixture
def start(installation: Servers, tmp_path: Path) -> Callable[[Environment], list[str]]:
    """Starts a worker that is to end with 78; what it says, without the program's name."""

    def started(changed: Environment) -> list[str]:
        environ = installation.environment | {"OCR_START_SECONDS": "0", "HOME": str(tmp_path)} | changed
        done = subprocess.run(
            [sys.executable, "-m", "ocr_platform", "worker", "--concurrency=1"],
            env={name: value for name, value in environ.items() if value},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        assert done.returncode == 78, done.stderr
        assert done.stdout == ""
        lines = [line for line in done.stderr.splitlines() if line.startswith("ocr-platform: ")]
        print(*lines, sep="\n")
        return [line.removeprefix("ocr-platform: ") for line in lines]

    return started


def _secret(servers: Servers, content: str) -> str:
    session = boto3.session.Session(servers.aws.access_key, servers.aws.secret_key, region_name=servers.aws.region)
    client = session.client("secretsmanager", endpoint_url=servers.aws.endpoint_url)
    arn = client.create_secret(Name=f"start/{uuid4()}", SecretString=content)["ARN"]
    client.close()
    return arn


def test_no_role(start: Callable[[Environment], list[str]]) -> None:
    # Given a machine whose metadata service is not there
    (port,) = free_ports(1)
    endpoint = f"http://127.0.0.1:{port}/"

    lines = start(
        {
            "AWS_ACCESS_KEY_ID": "",
            "AWS_SECRET_ACCESS_KEY": "",
            "OCR_AWS_CREDENTIALS": "role",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint,
        }
    )

    assert lines == [
        (
            "AWS credentials: no IAM role; no AWS_CONTAINER_CREDENTIALS_… variable is set, so the instance metadata "
            f"service at {endpoint} was asked (IMDSv2), and it gave no IMDSv2 token; in a container raise its hop "
            "limit to 2. Attach an instance profile to the EC2 instance, give the ECS task a task role (taskRoleArn), "
            "or set AWS_SECRET_ARN outside AWS"
        )
    ]


def test_no_secret(start: Callable[[Environment], list[str]], servers: Servers) -> None:
    arn = f"arn:aws:secretsmanager:{servers.aws.region}:123456789012:secret:nothing-abcdef"

    assert start({"AWS_SECRET_ARN": arn}) == [
        f"AWS_SECRET_ARN: there is no such secret in {servers.aws.region}; check the ARN"
    ]


@pytest.mark.parametrize("content", ["not JSON", "[]", '{"AWS_ACCESS_KEY_ID": "AKIA"}', '{"AWS_ACCESS_KEY_ID": 1}'])
def test_a_malformed_secret(content: str, start: Callable[[Environment], list[str]], servers: Servers) -> None:
    assert start({"AWS_SECRET_ARN": _secret(servers, content)}) == [
        "AWS_SECRET_ARN: the secret is no JSON object with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    ]


def test_a_wrong_region(start: Callable[[Environment], list[str]], servers: Servers) -> None:
    assert start({"AWS_REGION": "us-east-1"}) == [
        f"AWS_REGION: is us-east-1, but KMS_KEY_ID lies in {servers.aws.region}; S3 needs one region"
    ]


def test_a_key_that_is_not_there(start: Callable[[Environment], list[str]], servers: Servers) -> None:
    key = servers.aws.kms_key_id.rpartition("/")[0] + f"/{uuid4()}"

    assert start({"KMS_KEY_ID": key}) == ["KMS_KEY_ID: there is no such key; check the ARN and AWS_REGION"]


def test_a_bucket_that_is_not_there(start: Callable[[Environment], list[str]]) -> None:
    assert start({"S3_BUCKET_NAME": f"nobody-{uuid4()}"}) == ["S3_BUCKET_NAME: there is no such bucket"]


def test_aws_that_does_not_answer(start: Callable[[Environment], list[str]], servers: Servers) -> None:
    (port,) = free_ports(1)

    assert start({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}) == [
        f"KMS_KEY_ID: KMS in {servers.aws.region} does not answer (EndpointConnectionError)",
        f"S3_BUCKET_NAME: S3 in {servers.aws.region} does not answer (EndpointConnectionError)",
    ]


def test_a_role_endpoint_that_gives_none(
    start: Callable[[Environment], list[str]], servers: Servers, gate: AwsGate
) -> None:
    # Given an instance without a role, one whose tokens do not get through, and a task whose endpoint fails
    role = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ENDPOINT_URL": gate.url}
    with RoleEndpoint(gate, servers.aws.access_key, servers.aws.secret_key) as roles:
        roles.role_attached = False
        (no_role,) = start(role | roles.imds_environment)
        roles.role_attached, roles.tokens_refused = True, True
        (no_token,) = start(role | roles.imds_environment)
        roles.outage = "error"
        (no_endpoint,) = start(role | roles.ecs_environment)

        assert not roles.counts["version 1"]

    asked = f"the instance metadata service at {roles.url}/ was asked (IMDSv2), and "
    assert f"{asked}there is none. Attach an instance profile" in no_role
    assert f"{asked}it gave no IMDSv2 token; in a container raise its hop limit to 2. Attach" in no_token
    endpoint = "the container's endpoint (AWS_CONTAINER_CREDENTIALS_…) gave none: CredentialRetrievalError. Attach"
    assert no_endpoint.startswith(f"AWS credentials: no IAM role; {endpoint}")


def test_a_secret_that_may_not_be_read(
    start: Callable[[Environment], list[str]], servers: Servers, gate: AwsGate
) -> None:
    gate.deny("secretsmanager")

    assert start({"AWS_ENDPOINT_URL": gate.url, "AWS_SECRET_ARN": servers.aws.secret_arn}) == [
        "AWS_SECRET_ARN: may not be read; allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its key"
    ]


def test_a_key_and_a_bucket_that_may_not_be_used(start: Callable[[Environment], list[str]], gate: AwsGate) -> None:
    gate.deny("kms")
    gate.deny("s3")

    assert start({"AWS_ENDPOINT_URL": gate.url}) == [
        "KMS_KEY_ID: may not be used; allow kms:GenerateDataKey and kms:Decrypt by the role and by its policy",
        "S3_BUCKET_NAME: may not be listed; allow s3:ListBucket and s3:ListBucketVersions on it",
    ]


def test_keys_that_aws_does_not_know(start: Callable[[Environment], list[str]], gate: AwsGate) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "s" * 40}

    assert start({"AWS_ENDPOINT_URL": gate.url} | keys) == [
        "AWS credentials: KMS refuses them (UnrecognizedClientException); source: environment",
        "AWS credentials: S3 refuses them (InvalidAccessKeyId); source: environment",
    ]


def test_a_database_that_does_not_answer(start: Callable[[Environment], list[str]]) -> None:
    (port,) = free_ports(1)

    assert start({"DB_PORT": str(port)}) == [f"DB_HOST: Postgres at 127.0.0.1:{port} does not answer"]


def test_a_wrong_database_password(start: Callable[[Environment], list[str]], servers: Servers) -> None:
    assert start({"DB_PASSWORD": "wrong"}) == [
        (
            f"DB_USER: Postgres at 127.0.0.1:{servers.database_port} refuses the login of "
            f"{servers.database_login.user}; check DB_NAME, DB_USER and its password"
        )
    ]


def test_no_database_password(start: Callable[[Environment], list[str]]) -> None:
    assert start({"DB_PASSWORD": ""}) == [
        "DB_PASSWORD: missing; set DB_PASSWORD_FILE, DB_SECRET_ARN, DB_IAM_AUTH or DB_PASSWORD"
    ]


def test_a_database_without_tls(start: Callable[[Environment], list[str]], servers: Servers, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("no certificate", encoding="utf-8")

    assert start({"DB_SSLMODE": "verify-full", "DB_SSLROOTCERT": str(ca)}) == [
        (
            f"DB_SSLROOTCERT: Postgres at 127.0.0.1:{servers.database_port} has no certificate that it signs for this "
            "host, or no TLS"
        )
    ]


def test_a_database_without_tables(start: Callable[[Environment], list[str]], servers: Servers) -> None:
    name = servers.with_database().database

    assert start({"DB_NAME": name}) == [f"DB_NAME: {name} has no tables of the platform; run ocr-platform migrate"]


def test_a_database_secret_that_is_not_one(start: Callable[[Environment], list[str]], servers: Servers) -> None:
    arn = _secret(servers, json.dumps({"user": "somebody"}))

    assert start({"DB_PASSWORD": "", "DB_SECRET_ARN": arn}) == [
        "DB_SECRET_ARN: the secret is no JSON object with password"
    ]


def test_a_redis_that_does_not_answer(start: Callable[[Environment], list[str]]) -> None:
    (port,) = free_ports(1)

    assert start({"REDIS_PORT": str(port)}) == [f"REDIS_HOST: Redis at 127.0.0.1:{port} does not answer"]


def test_a_wrong_redis_password(start: Callable[[Environment], list[str]], servers: Servers) -> None:
    assert start({"REDIS_PASSWORD": "wrong"}) == [
        (
            f"REDIS_USERNAME: Redis at 127.0.0.1:{servers.redis_port} refuses the login; check REDIS_USERNAME and its "
            "password"
        )
    ]


def test_a_redis_without_tls(start: Callable[[Environment], list[str]], servers: Servers) -> None:
    ca = "/etc/ssl/certs/ca-certificates.crt"

    (line,) = start({"REDIS_TLS": "true", "REDIS_CA_FILE": ca})

    assert line.startswith(("REDIS_CA_FILE: ", "REDIS_HOST: "))


def test_a_redis_secret_that_is_not_there(start: Callable[[Environment], list[str]], servers: Servers) -> None:
    arn = f"arn:aws:secretsmanager:{servers.aws.region}:123456789012:secret:nothing-abcdef"

    assert start({"REDIS_PASSWORD": "", "REDIS_SECRET_ARN": arn}) == [
        f"REDIS_SECRET_ARN: there is no such secret in {servers.aws.region}; check the ARN"
    ]


def test_all_faults_are_told_together(start: Callable[[Environment], list[str]]) -> None:
    lines = start({"DB_PORT": "1", "REDIS_PORT": "1", "S3_BUCKET_NAME": f"nobody-{uuid4()}"})

    assert [line.partition(":")[0] for line in lines] == ["S3_BUCKET_NAME", "DB_HOST", "REDIS_HOST"]

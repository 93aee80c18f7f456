"""The platform as production runs it: roles, TLS to Postgres and Redis, users with few rights, no secret to be seen."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from ocr_platform import Client
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.redis_users import CLIENT, WORKER
from ocr_platform.local.service import Service
from ocr_platform.settings import load_settings
from tests.conftest import Servers
from tests.credentials.gate import AwsGate
from tests.credentials.roles import RoleEndpoint
from tests.credentials.secure_postgres import HOST, SecurePostgres, secure_postgres
from tests.faults.documents import write_document
from tests.integration.redis.support import SecureRedis, secure_redis
from tests.processes import launched

SECONDS = 60.0
# As a unit of systemd or a container has it.
_NO_CORE_DUMPS = ("sh", "-c", 'ulimit -c 0 && exec "$@"', "sh")


@dataclass(frozen=True)
class Production:
    """An installation; `logs` is where its processes write."""

    directory: StackDirectory
    environment: Mapping[str, str]
    redis: SecureRedis
    logs: Path

    @contextmanager
    def process(self, *command: str, **changed: str) -> Iterator[Service]:
        """A process of the platform. Whether it runs is for the test to say."""
        program = [*_NO_CORE_DUMPS, sys.executable, "-m", "ocr_platform", *command]
        log = self.logs / f"{command[0]}.log"
        service = Service(command[0], program, dict(self.environment) | changed, log)
        with launched(service):
            yield service

    def log(self, name: str) -> list[str]:
        path = self.logs / f"{name}.log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def ended(self, *command: str, **changed: str) -> tuple[int, list[str]]:
        """How a process ended that ends by itself: its code, and what it said for people."""
        with self.process(*command, **changed) as running:
            assert running.process is not None
            code = running.process.wait(SECONDS)
        return code, [line for line in self.log(command[0]) if line.startswith("ocr-platform: ")]


@pytest.fixture
def secure(opened: ExitStack, directory: StackDirectory) -> SecureRedis:
    return opened.enter_context(secure_redis(directory))


@pytest.fixture
def postgres(opened: ExitStack, directory: StackDirectory, secure: SecureRedis) -> SecurePostgres:
    # After Redis, which makes the directory of logs.
    return opened.enter_context(secure_postgres(directory))


@pytest.fixture
def directory(opened: ExitStack) -> StackDirectory:
    made = StackDirectory()
    opened.callback(made.remove)
    return made


@pytest.fixture
def production(
    opened: ExitStack,
    directory: StackDirectory,
    servers: Servers,
    gate: AwsGate,
    secure: SecureRedis,
    postgres: SecurePostgres,
) -> Production:
    """One thing is insecure, and allowed: AWS' emulator speaks no TLS."""
    aws = servers.aws
    roles = opened.enter_context(RoleEndpoint(gate, aws.access_key, aws.secret_key, seconds=5.0))
    scratch = directory.make("scratch")
    environment = directory.environment(scratch) | roles.imds_environment
    environment |= {
        "APP_ENV": "production",
        "OCR_ALLOW_INSECURE": "aws_endpoint",
        "OCR_TEMP_DIR": str(scratch),
        "OCR_START_SECONDS": "0",
        "AWS_REGION": aws.region,
        "AWS_ENDPOINT_URL": gate.url,
        "S3_BUCKET_NAME": aws.bucket,
        "KMS_KEY_ID": aws.kms_key_id,
        "DB_HOST": HOST,
        "DB_PORT": str(postgres.port),
        "DB_NAME": postgres.database,
        "DB_USER": postgres.owner.user,
        "DB_PASSWORD_FILE": str(directory.write("db_password", postgres.owner.password)),
        "DB_SSLROOTCERT": str(postgres.ca),
        "REDIS_HOST": HOST,
        "REDIS_PORT": str(secure.port),
        "REDIS_TLS": "true",
        "REDIS_CA_FILE": str(secure.ca),
        "REDIS_USERNAME": WORKER.name,
        "REDIS_PASSWORD_FILE": str(directory.write("redis_password", secure.passwords[WORKER.name])),
    }
    return Production(directory, environment, secure, directory.path / "logs")


def _application(production: Production, servers: Servers) -> Client:
    """An application elsewhere, whose keys are its own."""
    password = production.directory.write("client_password", production.redis.passwords[CLIENT.name])
    return Client(
        load_settings(
            {
                **production.environment,
                "OCR_ALLOW_INSECURE": "aws_endpoint,aws_keys",
                "AWS_ACCESS_KEY_ID": servers.aws.access_key,
                "AWS_SECRET_ACCESS_KEY": servers.aws.secret_key,
                "REDIS_USERNAME": CLIENT.name,
                "REDIS_PASSWORD_FILE": str(password),
            }
        )
    )


def test_documents_are_read_and_no_secret_is_in_any_environment(
    production: Production, servers: Servers, tmp_path: Path
) -> None:
    document = write_document(tmp_path / "page.png")
    assert production.ended("migrate")[0] == 0
    with (
        production.process("worker", "--concurrency=2") as worker,
        production.process("beat") as beat,
        closing(_application(production, servers)) as client,
    ):
        worker.wait_until(lambda: any(" ready." in line for line in production.log("worker")))
        with document.path.open("rb") as file:
            source = client.upload(file)
        jobs = [client.submit(source) for _ in range(10)]
        states = {str(client.wait(job, SECONDS).state) for job in jobs}
        seen = [_seen(service) for service in (worker, beat)]

    assert states == {"succeeded"}
    known = [*production.redis.passwords.values(), Path(production.environment["DB_PASSWORD_FILE"]).read_text()]
    known += [servers.aws.secret_key]
    assert all(len(text) > 1000 for text in seen)
    assert not any(secret in text for text in seen for secret in known)
    for name in ("worker", "beat"):
        told = [json.loads(line) for line in production.log(name) if '"insecure_allowed"' in line]
        assert [line["insecurity"] for line in told] == ["aws_endpoint"]


def _seen(service: Service) -> str:
    """What the system shows of a process and all that it has started: environments and command lines."""
    assert service.process is not None
    main = psutil.Process(service.process.pid)
    return "\n".join(f"{process.cmdline()} {process.environ()}" for process in (main, *main.children(recursive=True)))


@pytest.mark.parametrize("fault", ["another authority", "another name"])
def test_a_database_that_proves_to_be_somebody_else(
    fault: str, production: Production, postgres: SecurePostgres
) -> None:
    changed = {"DB_SSLROOTCERT": str(postgres.other_ca)} if fault == "another authority" else {"DB_HOST": "127.0.0.1"}
    host = changed.get("DB_HOST", HOST)

    code, lines = production.ended("worker", **changed)

    assert code == 78
    assert lines == [
        (
            f"ocr-platform: DB_SSLROOTCERT: Postgres at {host}:{postgres.port} has no certificate that it signs "
            "for this host, or no TLS"
        )
    ]


@pytest.mark.parametrize("fault", ["another authority", "another name"])
def test_a_redis_that_proves_to_be_somebody_else(fault: str, production: Production) -> None:
    assert production.ended("migrate")[0] == 0
    other = {"REDIS_CA_FILE": str(production.redis.other_ca)}
    changed = other if fault == "another authority" else {"REDIS_HOST": "127.0.0.1"}
    host = changed.get("REDIS_HOST", HOST)

    code, lines = production.ended("worker", **changed)

    assert code == 78
    assert lines == [
        (
            f"ocr-platform: REDIS_CA_FILE: Redis at {host}:{production.redis.port} has no certificate that it signs "
            "for this host, or no TLS"
        )
    ]


def test_every_process_refuses_what_is_insecure(production: Production) -> None:
    for command in ("worker", "beat", "flower", "migrate", "health"):
        code, lines = production.ended(command, OCR_ALLOW_INSECURE="")

        assert code == 78
        assert "ocr-platform: AWS_ENDPOINT_URL: must be https:// in production" in lines

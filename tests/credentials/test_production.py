"""The platform as production runs it: roles, TLS to Postgres and Redis, users with few rights, no secret to be seen."""

import json
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest

from ocr_platform.local.service import Service
from tests.conftest import Servers
from tests.credentials.gate import AwsGate
from tests.credentials.production import SECONDS, Production, open_production
from tests.credentials.secure_postgres import HOST
from tests.faults.documents import write_document


@pytest.fixture
def production(opened: ExitStack, servers: Servers, gate: AwsGate) -> Production:
    return open_production(opened, servers, gate)


def test_documents_are_read_and_no_secret_is_in_any_environment(
    production: Production, servers: Servers, tmp_path: Path
) -> None:
    document = write_document(tmp_path / "page.png")
    assert production.ended("migrate")[0] == 0
    with (
        production.process("worker", "--concurrency=2") as worker,
        production.process("beat") as beat,
        closing(production.application()) as client,
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
def test_a_database_that_proves_to_be_somebody_else(fault: str, production: Production) -> None:
    postgres = production.postgres
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

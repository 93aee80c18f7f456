"""Real services for every test that asks for them, each started once a run.

`servers` is Redis, PostgreSQL and the AWS emulator alone: most tests need no more. `stack` is all of the local stack,
with worker, beat and Flower. Both live in the main thread, which is where pytest runs: the kernel ends their processes
when the thread that started them is gone.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self
from uuid import uuid4

import pytest

from ocr_platform.errors import StackFailed
from ocr_platform.local import servers as building_blocks
from ocr_platform.local.aws import AwsAccount, prepare_account
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.servers import HOST
from ocr_platform.local.service import Service, free_ports
from ocr_platform.local.stack import LocalStack
from ocr_platform.logins import Login
from ocr_platform.settings import Settings, load_settings
from tests.faults.fault_table import FAULT, table

REGION = "eu-central-1"
PROGRAMS = ("redis-server", "setpriv", "tesseract")


@dataclass(frozen=True)
class Servers:
    """Where the shared servers are; `environment` describes an installation on them.

    The database that it names does not exist: `with_database` makes one, so that no two tests share any.
    """

    aws: AwsAccount
    redis_port: int
    redis_login: Login
    redis_admin: Login
    database_port: int
    database_login: Login
    database: str = "nowhere"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "APP_ENV": "development",
            "PATH": os.environ.get("PATH", os.defpath),
            "AWS_REGION": self.aws.region,
            "AWS_ENDPOINT_URL": self.aws.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.aws.access_key,
            "AWS_SECRET_ACCESS_KEY": self.aws.secret_key,
            "S3_BUCKET_NAME": self.aws.bucket,
            "KMS_KEY_ID": self.aws.kms_key_id,
            "DB_HOST": HOST,
            "DB_PORT": str(self.database_port),
            "DB_NAME": self.database,
            "DB_USER": self.database_login.user,
            "DB_PASSWORD": self.database_login.password,
            "REDIS_HOST": HOST,
            "REDIS_PORT": str(self.redis_port),
            "REDIS_USERNAME": self.redis_login.user,
            "REDIS_PASSWORD": self.redis_login.password,
        }

    def settings(self, **changed: str) -> Settings:
        """Settings on these servers; `changed` are variables of the environment."""
        return load_settings(self.environment | changed)

    def with_database(self) -> Self:
        """The same servers with a new, empty database."""
        name = f"test_{uuid4().hex}"
        building_blocks.create_database(self.database_port, self.database_login, name)
        return replace(self, database=name)


def missing_services() -> list[str]:
    """What is not installed of what the stack needs."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    try:
        building_blocks._postgres_programs()
    except StackFailed:
        missing.append("postgresql")
    return missing


def require_services() -> None:
    """Skip where a service is not installed; in CI that is a failure, or nobody would notice."""
    missing = missing_services()
    if missing:
        reason = f"not installed: {', '.join(missing)}; run scripts/bootstrap"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Redis, PostgreSQL and the AWS emulator with its account; no worker, no beat, no Flower."""
    require_services()
    with _directory() as directory, _running() as running:
        directory.make("logs")
        temp = directory.make("tmp")
        redis_port, database_port, aws_port = free_ports(3)
        login, admin, owner = (Login(name, secrets.token_urlsafe(24)) for name in ("platform", "admin", "owner"))
        bare = directory.environment(temp)

        aws = _launched(running, building_blocks.aws_service(directory, aws_port, bare))
        redis = _launched(running, building_blocks.redis_service(directory, redis_port, (login, admin), bare))
        postgres = _launched(running, building_blocks.postgres_service(directory, database_port, owner, bare))
        redis.wait_until(lambda: building_blocks.redis_ready(redis_port, login))
        endpoint = f"http://{HOST}:{aws_port}"
        aws.wait_until(lambda: building_blocks.http_ready(f"{endpoint}/moto-api/"))
        postgres.wait_until(lambda: building_blocks.postgres_ready(database_port, owner))
        account = prepare_account(endpoint, REGION, "AKIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30))
        yield Servers(account, redis_port, login, admin, database_port, owner)


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """A whole local stack whose worker and Flower are ready; started by the first test that asks for it."""
    require_services()
    with LocalStack() as started:
        started.wait_until_ready()
        yield started


@contextmanager
def _directory() -> Iterator[StackDirectory]:
    directory = StackDirectory()
    try:
        yield directory
    finally:
        directory.remove()


@contextmanager
def _running() -> Iterator[list[Service]]:
    """Services that are put into the list are stopped at the end, whatever happened."""
    services: list[Service] = []
    try:
        yield services
    finally:
        for service in services:
            service.ask_to_stop()
        for service in services:
            service.finish()


def _launched(running: list[Service], service: Service) -> Service:
    running.append(service)
    service.launch()
    return service


def pytest_addoption(parser: pytest.Parser) -> None:
    # Here and not beside the faults: pytest asks only the first conftest files for options.
    parser.addoption("--long", action="store_true", help="repeat the tests of faults often: hours, not minutes")
    parser.addoption("--seed", type=int, help="the seed of a test of faults that is to be repeated")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes longer than a developer waits for; `-m 'not slow'` leaves it out")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests of faults have seen, from whichever process."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    lines = table([row for report in reports for name, row in report.user_properties if name == FAULT])
    if lines:
        terminalreporter.section("what each fault of encryption gave")
        terminalreporter.write("\n".join([*lines, ""]))


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """`rounds(few, many)` is how often a test repeats itself: few times, or many with --long."""
    long = request.config.getoption("--long")
    return lambda few, many: many if long else few


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A new seed, or that of --seed; shown when the test fails, since pytest then shows what was printed."""
    given: int | None = request.config.getoption("--seed")
    chosen = secrets.randbelow(10**9) if given is None else given
    print(f"again with: --seed {chosen}")
    return chosen

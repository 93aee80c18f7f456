"""Redis, PostgreSQL and the AWS emulator for one run, and the worker programs that run on them, for all benchmarks."""

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from uuid import uuid4

import psutil
from celery import Celery

from ocr_platform.db.engine import make_engine
from ocr_platform.db.migrate import migrate
from ocr_platform.local import servers as building_blocks
from ocr_platform.local.aws import AwsAccount, prepare_account
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.servers import HOST
from ocr_platform.local.service import Service, free_ports
from ocr_platform.logins import Login
from ocr_platform.sandbox.limits import memory_dir
from ocr_platform.settings import Settings, load_settings

_REGION = "eu-central-1"
_ROOT = Path(__file__).parents[1]
_PING_SECONDS = 0.5


@dataclass(frozen=True)
class Servers:
    """Where the servers of this run are; every measurement that stores something makes a database of its own."""

    directory: StackDirectory
    aws: AwsAccount
    redis_port: int
    redis_login: Login
    redis_admin: Login
    database_port: int
    database_login: Login
    services: dict[str, Service]
    scratch: Path  # on a tmpfs, private to this run
    database: str = "nowhere"
    changed: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a client or a worker."""
        models = {name: os.environ[name] for name in ("TESSDATA_PREFIX",) if name in os.environ}
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
            **models,
            **self.changed,
        }

    @property
    def settings(self) -> Settings:
        """Settings of a client or a worker."""
        return load_settings(self.environment)

    def with_database(self) -> Self:
        """The same servers with a new, migrated, empty database."""
        name = f"bench_{uuid4().hex}"
        building_blocks.create_database(self.database_port, self.database_login, name)
        made = replace(self, database=name)
        engine = make_engine(made.settings)
        migrate(engine)
        engine.dispose()
        return made

    def with_environment(self, **changed: str) -> Self:
        """The same servers seen through other variables, such as a proxy's port."""
        return replace(self, changed=self.changed | changed)

    def log_of(self, module: str) -> Path:
        """What `program` of this name writes."""
        return self.directory.path / f"logs/{module.rpartition('.')[2]}.log"

    @contextmanager
    def program(self, module: str, *arguments: str, python: str | Path = sys.executable) -> Iterator[Service]:
        """`python -m module arguments`, a worker of one kind or the other, stopped at the end."""
        bare = self.directory.environment(self.directory.path / "tmp")
        environment = bare | self.environment | {"PYTHONPATH": str(_ROOT)}
        service = Service(module, [python, "-m", module, *arguments], environment, self.log_of(module))
        try:
            service.launch()
            yield service
        finally:
            service.ask_to_stop()
            service.finish()


@contextmanager
def started_servers() -> Iterator[Servers]:
    """All three servers on free loopback ports, ended and forgotten afterwards."""
    directory = StackDirectory()
    running: list[Service] = []

    def launched(service: Service) -> Service:
        running.append(service)
        service.launch()
        return service

    scratch = tempfile.mkdtemp(prefix="ocr-bench-", dir=memory_dir())
    try:
        yield _start(directory, Path(scratch), launched)
    finally:
        for service in running:
            service.ask_to_stop()
        for service in running:
            service.finish()
        directory.remove()
        shutil.rmtree(scratch, ignore_errors=True)


def _start(directory: StackDirectory, scratch: Path, launched: Callable[[Service], Service]) -> Servers:
    directory.make("logs")
    bare = directory.environment(directory.make("tmp"))
    redis_port, database_port, aws_port = free_ports(3)
    login, admin, owner = (Login(name, secrets.token_urlsafe(24)) for name in ("platform", "admin", "owner"))
    aws = launched(building_blocks.aws_service(directory, aws_port, bare))
    redis = launched(building_blocks.redis_service(directory, redis_port, (login, admin), bare))
    postgres = launched(building_blocks.postgres_service(directory, database_port, owner, bare))
    redis.wait_until(lambda: building_blocks.redis_ready(redis_port, login))
    endpoint = f"http://{HOST}:{aws_port}"
    aws.wait_until(lambda: building_blocks.http_ready(f"{endpoint}/moto-api/"))
    postgres.wait_until(lambda: building_blocks.postgres_ready(database_port, owner))
    account = prepare_account(endpoint, _REGION, "AKIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30))
    services = {"redis": redis, "postgres": postgres, "aws": aws}
    return Servers(directory, account, redis_port, login, admin, database_port, owner, services, scratch)


def wait_for_worker(service: Service, app: Celery) -> None:
    """Wait until the worker answers."""
    service.wait_until(lambda: bool(app.control.ping(timeout=_PING_SECONDS)))


def cpu_seconds(service: Service) -> float:
    """CPU seconds of a service and of all its children so far, the ended ones included."""
    return 0.0 if service.process is None else tree_cpu_seconds(service.process.pid)


def tree_cpu_seconds(pid: int) -> float:
    """CPU seconds of a process and of all its children so far, the ended ones included."""
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])  # own and those of children that it waited for
    return total

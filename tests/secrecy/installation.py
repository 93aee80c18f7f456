"""An installation in production mode with canaries in it: what is done with it, and what is seen of it meanwhile."""

import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import boto3
import redis
from celery import Celery

from ocr_platform import Client
from ocr_platform.local.redis_users import FLOWER
from ocr_platform.local.service import Service, free_ports
from ocr_platform.logins import Login
from ocr_platform.sandbox.limits import memory_dir
from ocr_platform.settings import load_settings
from ocr_platform.worker.flower import make_flower_app
from tests.canary import files
from tests.conftest import Servers
from tests.credentials.gate import AwsGate
from tests.credentials.production import Production, main_processes, open_production
from tests.credentials.secure_postgres import HOST
from tests.faults.crash import VARIABLE, Arming, Crash
from tests.places import INSPECTED, Monitor, ProcessViews, inspected, postgres_dump, redis_file, redis_keys
from tests.places import Flower as FlowerPages

_REPOSITORY = Path(__file__).parents[2]
# Waits of seconds instead of minutes. A task may take 6 seconds, and two more with the margins that the test arms.
SHORT = {
    "OCR_LEASE_SECONDS": "3",
    "OCR_SWEEP_SECONDS": "0.5",
    "OCR_WAKE_PATIENCE_SECONDS": "2",
    "OCR_BACKOFF_SECONDS": "0.2",
    "OCR_MAX_ATTEMPTS": "8",
    "OCR_STOP_SECONDS": "5",
    "OCR_PAGE_TIMEOUT_SECONDS": "5",
    "OCR_TIME_SLICE_SECONDS": "1",
    "OCR_CREDENTIALS_REFRESH_SECONDS": "4",
}
LIMIT_MARGIN = 1.0
_POLL_SECONDS = 0.05
_OTHERS = ("ocr-platform-", "pytest-of-")


@dataclass
class Installation:
    """Worker, beat and Flower that run, on servers of their own; `since` is when its first process was started.

    The keys of AWS come from a secret, which is read by a role. So many as `answering` answer to `celery inspect`.
    """

    production: Production
    gate: AwsGate
    client: Client
    aws_secrets: tuple[str, ...] = ()
    services: list[Service] = field(default_factory=list)
    since: float = 0.0
    answering: int = 1

    def __post_init__(self) -> None:
        (self._flower_port,) = free_ports(1)
        self.flower_login = Login("operator", secrets.token_urlsafe(24))
        self._flower_environment = self.production.redis_login(FLOWER) | {
            "OCR_FLOWER_PORT": str(self._flower_port),
            "OCR_FLOWER_USER": self.flower_login.user,
            "OCR_FLOWER_PASSWORD_FILE": str(self.production.directory.write("flower", self.flower_login.password)),
        }
        self._own = SHORT | {"OCR_AWS_CREDENTIALS": "secret", "PYTHONPATH": str(_REPOSITORY)}

    def start(self, opened: ExitStack, crashes: Sequence[Crash]) -> None:
        """Start everything; the worker with what is to happen to it."""
        production = self.production
        assert production.ended("migrate", **self._own)[0] == 0
        arming = Arming(tuple(crashes), limit_margin=LIMIT_MARGIN).dumps()
        armed = {"module": "tests.faults.armed", VARIABLE: arming} | self._own
        worker = opened.enter_context(production.process("worker", "--concurrency=2", **armed))
        beat = opened.enter_context(production.process("beat", **self._own))
        flower = opened.enter_context(production.process("flower", **self._own, **self._flower_environment))
        self.services += [worker, beat, flower]
        worker.wait_until(lambda: self.logged("worker", " ready."))
        flower.wait_until(lambda: self.logged("flower", "Visit me"))

    def logged(self, name: str, text: str) -> bool:
        return any(text in line for line in self.production.log(name))

    def await_logged(self, name: str, text: str, seconds: float = 30.0) -> None:
        ends = time.monotonic() + seconds
        while not self.logged(name, text):
            assert time.monotonic() < ends, f"not within {seconds} s: {text}"
            time.sleep(_POLL_SECONDS)

    def put_keys(self) -> None:
        """New AWS keys in the secret, which AWS accepts from now on."""
        access_key, secret_key = "AKIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30)
        self.gate.issue(access_key, secret_key)
        aws = self.production.servers.aws
        session = boto3.session.Session(aws.access_key, aws.secret_key, region_name=aws.region)
        with closing(session.client("secretsmanager", endpoint_url=aws.endpoint_url)) as manager:
            content = json.dumps({"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key})
            manager.put_secret_value(SecretId=self.production.environment["AWS_SECRET_ARN"], SecretString=content)
        self.aws_secrets += (access_key, secret_key)

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that nobody may see: passwords, keys and tokens, those of the role too."""
        production, aws = self.production, self.production.servers.aws
        role = [part for key in self.gate.keys.issued for part in (key.access_key, key.secret_key, key.token) if part]
        passwords = (
            production.postgres.owner.password,
            self.flower_login.password,
            *production.redis.passwords.values(),
        )
        return tuple(dict.fromkeys((*passwords, *self.aws_secrets, *role, aws.secret_key)))

    @cached_property
    def flower(self) -> FlowerPages:
        return FlowerPages(f"http://127.0.0.1:{self._flower_port}", self.flower_login)

    def redis_admin(self) -> redis.Redis:
        found = self.production.redis
        user, password = found.admin.user, found.admin.password
        return redis.Redis(
            "localhost", found.port, username=user, password=password, ssl=True, ssl_ca_certs=str(found.ca)
        )

    @contextmanager
    def asking(self) -> Iterator[Celery]:
        """An application that asks workers, as Flower's user."""
        settings = load_settings({**self.production.environment, **self._flower_environment})
        app = make_flower_app(settings)
        try:
            yield app
        finally:
            app.close()

    def views(self) -> ProcessViews:
        return ProcessViews(*main_processes(self.services))

    def dump(self) -> bytes:
        found = self.production.postgres
        return postgres_dump(HOST, found.port, found.owner, found.database, found.ca)

    def logs(self) -> bytes:
        return b"\n".join(path.read_bytes() for path in self.production.logs.iterdir())

    def temporary(self) -> bytes:
        """Every file that was written since the start where processes write, in memory too.

        Whoever does not mind TMPDIR writes beside it: there tests and other installations have directories, too.
        """
        beside = [path for path in Path(tempfile.gettempdir()).iterdir() if not path.name.startswith(_OTHERS)]
        return files(self.production.directory.path, memory_dir(), *beside, since=self.since)


@contextmanager
def installation(servers: Servers, crashes: Callable[[Path], Sequence[Crash]]) -> Iterator[Installation]:
    """One that runs; `crashes` says what is to happen to its worker, counted in a directory."""
    with ExitStack() as opened:
        gate = opened.enter_context(AwsGate(servers.aws.endpoint_url))
        gate.issue(servers.aws.access_key, servers.aws.secret_key)
        production = open_production(opened, servers, gate)
        with_secret = {"AWS_SECRET_ARN": servers.aws.secret_arn}
        production = Production(**{**vars(production), "environment": {**production.environment, **with_secret}})
        client = opened.enter_context(closing(production.application()))
        found = Installation(production, gate, client)
        found.put_keys()
        time.sleep(_POLL_SECONDS)
        found.since = time.time()  # all files that hold a secret on purpose are written
        found.start(opened, crashes(production.directory.make("latch")))
        yield found
        for service in found.services:
            service.ask_to_stop()  # all at once


def look_everywhere(found: Installation, monitor: Monitor, views: ProcessViews) -> dict[str, Callable[[], bytes]]:
    """Every place, with how to look there."""
    admin, folder = found.redis_admin, found.production.directory.path / "redis"

    def answers() -> bytes:
        with found.asking() as app:
            return json.dumps(inspected(app, *INSPECTED, workers=found.answering), default=str).encode()

    def with_admin(look: Callable[[redis.Redis], bytes]) -> bytes:
        with admin() as connection:
            return look(connection)

    return {
        "Redis' keys": lambda: with_admin(redis_keys),
        "MONITOR": lambda: monitor.seen,
        "the RDB file": lambda: with_admin(lambda connection: redis_file(connection, folder)),
        "pg_dump": found.dump,
        "logs": found.logs,
        "Flower": found.flower.everything,
        "inspect": answers,
        "files": found.temporary,
        "environments": lambda: b"\n".join(views.environments),
        "command lines": lambda: b"\n".join(views.command_lines),
    }

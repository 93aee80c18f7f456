"""An installation as production runs it: roles, TLS to Postgres and Redis, users with few rights, secrets in files."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ocr_platform import Client
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.redis_users import CLIENT, WORKER, RedisUser
from ocr_platform.local.service import Service
from ocr_platform.settings import load_settings
from tests.conftest import Servers
from tests.credentials.gate import AwsGate
from tests.credentials.roles import RoleEndpoint
from tests.credentials.secure_postgres import HOST, SecurePostgres, secure_postgres
from tests.integration.redis.support import SecureRedis, secure_redis
from tests.processes import launched

SECONDS = 60.0
# As a unit of systemd or a container has it.
_NO_CORE_DUMPS = ("sh", "-c", 'ulimit -c 0 && exec "$@"', "sh")


@dataclass(frozen=True)
class Production:
    """An installation; `logs` is where its processes write, `scratch` what they have for temporary files."""

    directory: StackDirectory
    environment: Mapping[str, str]
    redis: SecureRedis
    postgres: SecurePostgres
    roles: RoleEndpoint
    servers: Servers

    @property
    def logs(self) -> Path:
        return self.directory.path / "logs"

    @property
    def scratch(self) -> Path:
        return Path(self.environment["OCR_TEMP_DIR"])

    @contextmanager
    def process(self, *command: str, module: str = "ocr_platform", **changed: str) -> Iterator[Service]:
        """A process of the platform. Whether it runs is for the test to say."""
        program = [*_NO_CORE_DUMPS, sys.executable, "-m", module, *command]
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

    def redis_login(self, user: RedisUser) -> dict[str, str]:
        """The variables by which a process logs in as somebody else than a worker."""
        password = self.directory.write(f"{user.name}_password", self.redis.passwords[user.name])
        return {"REDIS_USERNAME": user.name, "REDIS_PASSWORD_FILE": str(password)}

    def application(self) -> Client:
        """An application elsewhere, whose keys are its own."""
        keys = {
            "OCR_ALLOW_INSECURE": "aws_endpoint,aws_keys",
            "OCR_AWS_CREDENTIALS": "environment",
            "AWS_ACCESS_KEY_ID": self.servers.aws.access_key,
            "AWS_SECRET_ACCESS_KEY": self.servers.aws.secret_key,
        }
        return Client(load_settings({**self.environment, **keys, **self.redis_login(CLIENT)}))


def open_production(opened: ExitStack, servers: Servers, gate: AwsGate) -> Production:
    """Start its servers. One thing is insecure, and allowed: AWS' emulator speaks no TLS."""
    directory = StackDirectory()
    opened.callback(directory.remove)
    secure = opened.enter_context(secure_redis(directory))  # which makes the directory of logs
    postgres = opened.enter_context(secure_postgres(directory))
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
    return Production(directory, environment, secure, postgres, roles, servers)


def main_processes(services: Sequence[Service]) -> list[int]:
    """Their process ids."""
    return [service.process.pid for service in services if service.process is not None]

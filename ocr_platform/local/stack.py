"""The whole stack: started in parallel, watched, and gone at the end."""

import os
import secrets
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from ocr_platform.db.engine import make_engine
from ocr_platform.db.migrate import migrate
from ocr_platform.errors import StackFailed
from ocr_platform.local import servers
from ocr_platform.local.aws import AwsAccount, prepare_account
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.redis_users import CLIENT, FLOWER, USERS, WORKER, RedisUser
from ocr_platform.local.service import Service, free_ports
from ocr_platform.local.uninterrupted import uninterrupted
from ocr_platform.logins import Login
from ocr_platform.settings import Settings, load_settings
from ocr_platform.worker.flower import make_flower_app

_REGION = "eu-central-1"
_DATABASE = "ocr_platform"
_USER = "ocr_platform"
_TRIES = 3
_PING_SECONDS = 0.5


class LocalStack:
    """A stack of its own, on free loopback ports, with passwords of its own. Use it as a context manager.

    `workers` is the number of worker processes. Start it in the main thread: its processes end when the thread does.
    """

    def __init__(self, workers: int | None = None, base: Path | None = None) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._base = base
        self.redis_logins = {user: Login(user.name, secrets.token_urlsafe(24)) for user in USERS}
        self.redis_admin = Login("admin", secrets.token_urlsafe(24))
        self.database_login = Login(_USER, secrets.token_urlsafe(24))
        self.flower_login = Login("operator", secrets.token_urlsafe(12))
        self._servers: list[Service] = []
        self._own: list[Service] = []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start everything that documents need; Flower and beat may still be on their way.

        Raises StackFailed. A port that another program took in the same moment costs a second try.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                self._start()
            except StackFailed:
                self.stop()
                if not tries_left:
                    raise
            except BaseException:
                self.stop()
                raise
            else:
                return self
        raise AssertionError("unreachable")

    def _start(self) -> None:
        self.directory = StackDirectory(self._base)
        self.logs = self.directory.make("logs")
        self.temp = self.directory.make("tmp")
        self.redis_port, self.database_port, aws_port, self.flower_port = free_ports(4)
        bare = self.directory.environment(self.temp)
        aws = self._launch(servers.aws_service(self.directory, aws_port, bare))
        users = [user.line(login.password) for user, login in self.redis_logins.items()]
        users.append(servers.administrator(self.redis_admin))
        redis = self._launch(servers.redis_with_users(self.directory, self.redis_port, users, bare))
        postgres = self._launch(servers.postgres_service(self.directory, self.database_port, self.database_login, bare))
        redis.wait_until(lambda: servers.redis_ready(self.redis_port, self.redis_admin))
        endpoint = f"http://{servers.HOST}:{aws_port}"
        aws.wait_until(lambda: servers.http_ready(f"{endpoint}/moto-api/"))
        access_key = "AKIA" + secrets.token_hex(8).upper()
        self.aws: AwsAccount = prepare_account(endpoint, _REGION, access_key, secrets.token_urlsafe(30))
        self._write_secrets()
        self.worker = self._launch_own("worker", stop_signal=signal.SIGQUIT)
        self.flower = self._launch_own("flower")
        postgres.wait_until(lambda: servers.postgres_ready(self.database_port, self.database_login))
        servers.create_database(self.database_port, self.database_login, _DATABASE)
        engine = make_engine(self.settings)
        migrate(engine)
        engine.dispose()
        self.beat = self._launch_own("beat")

    def wait_until_ready(self) -> None:
        """Wait for the worker and for Flower too."""
        # As Flower: an application may not ask workers anything.
        app = make_flower_app(load_settings(self.environment | self._redis_login(FLOWER)))
        self.worker.wait_until(lambda: bool(app.control.ping(timeout=_PING_SECONDS)))
        app.close()
        self.flower.wait_until(lambda: servers.http_ready(f"{self.flower_url}/healthcheck"))

    def check(self) -> None:
        """Raise StackFailed when a process has ended."""
        for service in (*self._servers, *self._own):
            service.check()

    def stop(self) -> None:
        """End everything and remove every file. Safe to call at any moment."""
        with uninterrupted():
            signal.setitimer(signal.ITIMER_REAL, 0)  # the alarm of `orderly_exit` has done its work
            # The platform's own processes first: without its servers a worker waits for them instead of ending.
            for group in (self._own, self._servers):
                for service in group:
                    service.ask_to_stop()
                for service in group:
                    service.finish()
                group.clear()
            directory = self.__dict__.pop("directory", None)
            if directory is not None:
                directory.remove()

    @property
    def flower_url(self) -> str:
        """Flower's address; it asks for `flower_login`."""
        return f"http://{servers.HOST}:{self.flower_port}"

    @property
    def settings(self) -> Settings:
        """Settings of an application that uses this stack."""
        return load_settings(self.environment)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of an application that uses this stack; secrets are files, AWS's emulated keys are not."""
        return self._shared_environment(CLIENT) | {
            "AWS_ACCESS_KEY_ID": self.aws.access_key,
            "AWS_SECRET_ACCESS_KEY": self.aws.secret_key,
            "AWS_DEFAULT_REGION": self.aws.region,
        }

    def _shared_environment(self, redis_user: RedisUser) -> dict[str, str]:
        return {
            "APP_ENV": "development",
            "AWS_REGION": self.aws.region,
            "AWS_ENDPOINT_URL": self.aws.endpoint_url,
            "S3_BUCKET_NAME": self.aws.bucket,
            "KMS_KEY_ID": self.aws.kms_key_id,
            "DB_HOST": servers.HOST,
            "DB_PORT": str(self.database_port),
            "DB_NAME": _DATABASE,
            "DB_USER": self.database_login.user,
            "DB_PASSWORD_FILE": str(self.directory.path / "secrets/database"),
            "REDIS_HOST": servers.HOST,
            "REDIS_PORT": str(self.redis_port),
        } | self._redis_login(redis_user)

    def _redis_login(self, user: RedisUser) -> dict[str, str]:
        return {
            "REDIS_USERNAME": user.name,
            "REDIS_PASSWORD_FILE": str(self.directory.path / "secrets" / user.name),
        }

    def _own_environment(self, redis_user: RedisUser) -> dict[str, str]:
        """The environment of worker, beat and Flower: no secret in it, AWS's keys come from the secret."""
        folder = self.directory.path / "secrets"
        return (
            self.directory.environment(self.temp)
            | self._shared_environment(redis_user)
            | {
                "AWS_SECRET_ARN": self.aws.secret_arn,
                "AWS_ACCESS_KEY_ID_FILE": str(folder / "aws_access_key"),
                "AWS_SECRET_ACCESS_KEY_FILE": str(folder / "aws_secret_key"),
                "OCR_CONCURRENCY": str(self._workers),
                # Somebody is watching: what is lost here is found soon.
                "OCR_LEASE_SECONDS": "10",
                "OCR_SWEEP_SECONDS": "1",
                "OCR_FLOWER_PORT": str(self.flower_port),
                "OCR_FLOWER_USER": self.flower_login.user,
                "OCR_FLOWER_PASSWORD_FILE": str(folder / "flower"),
            }
        )

    def _write_secrets(self) -> None:
        self.directory.make("secrets")
        for name, value in (
            ("database", self.database_login.password),
            *((login.user, login.password) for login in self.redis_logins.values()),
            ("flower", self.flower_login.password),
            ("aws_access_key", self.aws.access_key),
            ("aws_secret_key", self.aws.secret_key),
        ):
            self.directory.write(f"secrets/{name}", value)

    def _launch(self, service: Service) -> Service:
        self._servers.append(service)
        service.launch()
        return service

    def _launch_own(self, command: str, stop_signal: signal.Signals = signal.SIGTERM) -> Service:
        program = [sys.executable, "-m", "ocr_platform", command]
        log = self.logs / f"{command}.log"
        user = FLOWER if command == "flower" else WORKER
        # When we are killed they are too: a worker that stops in good order waits for a Redis that is gone as well.
        service = Service(command, program, self._own_environment(user), log, stop_signal, orphan_signal=signal.SIGKILL)
        self._own.append(service)
        service.launch()
        return service

"""A Redis with TLS whose users are those of `config/redis`, and who asks it for what."""

import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
import trustme
from celery import Celery
from kombu import Consumer, Message
from redis.backoff import NoBackoff
from redis.retry import Retry

from ocr_platform.broker import make_app
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.redis_users import USERS, RedisUser
from ocr_platform.local.servers import administrator
from ocr_platform.local.service import Service, free_ports, require
from ocr_platform.logins import Login
from ocr_platform.settings import Settings, load_settings
from tests.processes import launched

ROOT = Path(__file__).parents[3]
FILES = ROOT / "config" / "redis"
HOST = "localhost"  # the name in the certificate
ADDRESS = "127.0.0.1"  # not in it


@dataclass(frozen=True)
class SecureRedis:
    """Where it is, who signed its certificate and who else might have, and the passwords by user."""

    port: int
    ca: Path
    other_ca: Path
    passwords: Mapping[str, str]
    admin: Login

    def environment(self, user: RedisUser, **changed: str) -> dict[str, str]:
        """What a process of the platform is told, whose database and bucket do not exist."""
        return {
            "APP_ENV": "development",
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(ROOT),  # this code, whatever is installed
            "AWS_REGION": "eu-central-1",
            "S3_BUCKET_NAME": "nowhere",
            "KMS_KEY_ID": f"arn:aws:kms:eu-central-1:{'0' * 12}:key/nobody",
            "DB_HOST": ADDRESS,
            "DB_PORT": "1",
            "DB_NAME": "nowhere",
            "DB_USER": "nobody",
            "DB_PASSWORD": "none",
            "REDIS_HOST": HOST,
            "REDIS_PORT": str(self.port),
            "REDIS_TLS": "true",
            "REDIS_CA_FILE": str(self.ca),
            "REDIS_USERNAME": user.name,
            "REDIS_PASSWORD": self.passwords[user.name],
        } | changed

    def settings(self, user: RedisUser, **changed: str) -> Settings:
        return load_settings(self.environment(user, **changed))

    def connection(self, login: Login) -> redis.Redis:
        """A plain client that tries once."""
        return redis.Redis(
            HOST,
            self.port,
            username=login.user,
            password=login.password,
            ssl=True,
            ssl_ca_certs=str(self.ca),
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
        )

    def login(self, user: RedisUser) -> Login:
        return Login(user.name, self.passwords[user.name])


@contextmanager
def secure_redis(directory: StackDirectory) -> Iterator[SecureRedis]:
    """Start it, without a plain port."""
    passwords = {user.name: secrets.token_urlsafe(24) for user in USERS}
    admin = Login("admin", secrets.token_urlsafe(24))
    (port,) = free_ports(1)
    found = SecureRedis(port, directory.path / "ca.pem", directory.path / "other-ca.pem", passwords, admin)
    options = _certificates(found, directory) | {
        "--bind": ADDRESS,
        "--port": "0",
        "--tls-port": str(port),
        "--tls-auth-clients": "no",
        "--aclfile": str(_access_list(found, directory)),
        "--dir": str(directory.make("redis")),
        "--save": "",
        "--set-proc-title": "no",
    }
    command = [require("redis-server"), *(part for option in options.items() for part in option)]
    log = directory.make("logs") / "redis.log"
    service = Service("redis", command, directory.environment(directory.make("tmp")), log)
    with launched(service):
        service.wait_until(lambda: _answers(found))
        yield found


def _certificates(found: SecureRedis, directory: StackDirectory) -> dict[str, str]:
    """Files of a certificate for HOST alone, and of an authority that has signed nothing."""
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(found.ca)
    trustme.CA().cert_pem.write_to_path(found.other_ca)
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems).decode()
    return {
        "--tls-cert-file": str(directory.write("server.pem", chain)),
        "--tls-key-file": str(directory.write("server.key", certificate.private_key_pem.bytes().decode())),
        "--tls-ca-cert-file": str(found.ca),
    }


def _access_list(found: SecureRedis, directory: StackDirectory) -> Path:
    """The list that `config/redis/users.sh` makes, and an administrator to look on with."""
    made = directory.path / "users.acl"
    pairs = []
    for user, password in found.passwords.items():
        name = user.removeprefix("ocr-")
        pairs.append(f"{name}={directory.write(f'{name}.password', password)}")
    subprocess.run(["sh", FILES / "users.sh", made, *pairs], check=True)
    with made.open("a", encoding="utf-8") as file:
        file.write(administrator(found.admin) + "\n")
    return made


def _answers(found: SecureRedis) -> bool:
    with found.connection(found.admin) as connection:
        try:
            return bool(connection.ping())
        except redis.exceptions.ConnectionError:
            return False


@contextmanager
def taking(settings: Settings, queue: str) -> Iterator[tuple[Any, list[Message]]]:
    """The connection and the messages of somebody who takes from a queue as a worker does, without an event loop."""
    app: Celery = make_app(settings)
    app.conf.broker_transport = "ocr_platform.worker.transport:Transport"
    taken: list[Message] = []
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        channel.basic_qos(0, 10, False)
        Consumer(channel, [app.amqp.queues[queue]], on_message=taken.append, accept=["json"]).consume()
        yield connection, taken
    app.close()

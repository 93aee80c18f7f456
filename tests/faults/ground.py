"""The servers that a fleet stands on: a Redis of its own, the others shared or its own; each can be restarted."""

import os
import secrets
import warnings
from contextlib import closing
from dataclasses import replace
from signal import SIGKILL
from typing import TYPE_CHECKING

import boto3

from ocr_platform.local import servers as building_blocks
from ocr_platform.local.aws import AwsAccount, prepare_account
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.servers import HOST
from ocr_platform.local.service import Service, free_ports
from ocr_platform.logins import Login
from tests.conftest import REGION, Servers

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ServerSideEncryptionByDefaultTypeDef, ServerSideEncryptionRuleTypeDef

_DATABASE = "fleet"


class Ground:
    """Servers in a directory of their own. On shared ones there are a database and a bucket of its own.

    A bucket is one installation's: a reaper takes for orphans what is staged by jobs that its database does not know.
    """

    def __init__(self, shared: Servers, *, own_postgres: bool = False, own_aws: bool = False) -> None:
        self.directory = StackDirectory()
        self.logs = self.directory.make("logs")
        self.temp = self.directory.make("tmp")
        self._services: list[Service] = []
        try:
            self.servers = self._start(shared, own_postgres, own_aws)
        except BaseException:
            self.close()
            raise

    def _start(self, shared: Servers, own_postgres: bool, own_aws: bool) -> Servers:
        redis_port, database_port, aws_port = free_ports(3)
        login, admin, owner = (Login(name, secrets.token_urlsafe(24)) for name in ("platform", "admin", "owner"))
        redis = building_blocks.redis_service(self.directory, redis_port, (login, admin), self.bare)
        self.redis = self._launched(redis)
        servers = replace(shared, redis_port=redis_port, redis_login=login, redis_admin=admin)
        if own_postgres:
            service = building_blocks.postgres_service(self.directory, database_port, owner, self.bare)
            self.postgres = self._launched(service)
            servers = replace(servers, database_port=database_port, database_login=owner)
        if own_aws:
            service = self._launched(building_blocks.aws_service(self.directory, aws_port, self.bare))
            endpoint = f"http://{HOST}:{aws_port}"
            service.wait_until(lambda: building_blocks.http_ready(f"{endpoint}/moto-api/"))
            account = prepare_account(
                endpoint, REGION, "AKIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30)
            )
            servers = replace(servers, aws=account)
        servers = replace(servers, aws=replace(servers.aws, bucket=_make_bucket(servers.aws)))
        self.redis.wait_until(lambda: building_blocks.redis_ready(redis_port, login))
        if not own_postgres:
            return servers.with_database()
        self.postgres.wait_until(lambda: building_blocks.postgres_ready(database_port, owner))
        building_blocks.create_database(database_port, owner, _DATABASE)
        return replace(servers, database=_DATABASE)

    @property
    def bare(self) -> dict[str, str]:
        """What any program needs, and the mark by which what is left is found."""
        return self.directory.environment(self.temp)

    def stop_redis(self, *, kill: bool = False) -> None:
        """Stop Redis; all that it holds is gone, since it keeps nothing on disk."""
        _stop(self.redis, kill)

    def start_redis(self) -> None:
        """Start Redis again on the same port, empty."""
        launch(self.redis)
        self.redis.wait_until(lambda: building_blocks.redis_ready(self.servers.redis_port, self.servers.redis_login))

    def restart_redis(self, *, kill: bool = False) -> None:
        """Redis is gone for a moment, and then empty."""
        self.stop_redis(kill=kill)
        self.start_redis()

    def stop_postgres(self) -> None:
        """Shut Postgres down fast, as an operator does: sessions end, what is committed stays.

        Not a crash: the server runs with `synchronous_commit` off, and would lose commits that no real one loses.
        """
        _stop(self.postgres)

    def start_postgres(self) -> None:
        """Start Postgres again on the same port and data."""
        launch(self.postgres)
        port, login = self.servers.database_port, self.servers.database_login
        self.postgres.wait_until(lambda: building_blocks.postgres_ready(port, login))

    def restart_postgres(self) -> None:
        """Postgres is gone for a moment; sessions have ended."""
        self.stop_postgres()
        self.start_postgres()

    def close(self) -> None:
        """Stop the servers and remove the directory."""
        for service in self._services:
            service.ask_to_stop()
        for service in self._services:
            service.finish()
        self.directory.remove()

    def _launched(self, service: Service) -> Service:
        self._services.append(service)
        launch(service)
        return service


def _make_bucket(account: AwsAccount) -> str:
    """A versioned bucket that encrypts under the account's key."""
    name = f"fleet-{secrets.token_hex(8)}"
    session = boto3.session.Session(account.access_key, account.secret_key, region_name=account.region)
    with closing(session.client("s3", endpoint_url=account.endpoint_url)) as s3:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": account.region})  # type: ignore[typeddict-item]
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        default: ServerSideEncryptionByDefaultTypeDef = {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": account.kms_key_id,
        }
        rule: ServerSideEncryptionRuleTypeDef = {
            "ApplyServerSideEncryptionByDefault": default,
            "BucketKeyEnabled": True,
        }
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return name


def launch(service: Service) -> None:
    """Start a service, also while threads of proxies run."""
    with warnings.catch_warnings():
        # From Python 3.12 on; between fork and exec the child calls setsid and nothing else.
        warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)
        service.launch()


def _stop(service: Service, kill: bool = False) -> None:
    if kill and service.process is not None:
        os.kill(service.process.pid, SIGKILL)
    else:
        service.ask_to_stop()
    service.finish()

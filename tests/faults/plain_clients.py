"""Clients of the servers that are not the platform's, and that try once."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import boto3
import psycopg2
import redis
from botocore.config import Config
from redis.backoff import NoBackoff
from redis.retry import Retry

from ocr_platform.local.servers import HOST
from tests.conftest import Servers
from tests.faults.proxy import FaultProxy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def client(proxy_port: int, servers: Servers, service: str, opened: ExitStack) -> Any:
    """A plain AWS client that tries once."""
    account = servers.aws
    session = boto3.session.Session(account.access_key, account.secret_key, region_name=account.region)
    config = Config(
        retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, response_checksum_validation="when_required"
    )
    made = session.client(service, endpoint_url=f"http://{HOST}:{proxy_port}", config=config)  # type: ignore[call-overload]
    opened.callback(made.close)
    return made


def s3(proxy: FaultProxy, servers: Servers, opened: ExitStack) -> "S3Client":
    found: S3Client = client(proxy.port, servers, "s3", opened)
    return found


def sql(port: int, servers: Servers, opened: ExitStack) -> Any:
    login = servers.database_login
    connection = psycopg2.connect(
        host=HOST, port=port, user=login.user, password=login.password, dbname="postgres", connect_timeout=2
    )
    opened.callback(connection.close)
    return connection


def redis_client(port: int, servers: Servers, opened: ExitStack, protocol: int = 2) -> redis.Redis:
    login = servers.redis_login
    made = redis.Redis(
        HOST, port, username=login.user, password=login.password, retry=Retry(NoBackoff(), 0), protocol=protocol
    )
    opened.callback(made.close)
    return made

"""Credentials that expire, are rotated, revoked or not to be had in the middle of work: no document fails."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import psycopg2
import pytest
import redis

from ocr_platform.local.servers import HOST
from ocr_platform.logins import Login
from tests.credentials.database_gate import DatabaseGate
from tests.credentials.gate import AwsGate
from tests.credentials.roles import RoleEndpoint
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import Fleet
from tests.faults.installation import LIMIT, WORK_SECONDS
from tests.faults.invariants import check

Finder = Callable[[Document], Undisturbed]
Rounds = Callable[[int, int], int]

DOCUMENTS = 30
# Real ones live for hours: these expire several times while thirty documents are worked on.
KEY_SECONDS = 3.0
_NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


@pytest.fixture
def fleet(make_fleet: Callable[..., Fleet]) -> Fleet:
    return make_fleet(own_postgres=True)


@pytest.fixture
def gate(fleet: Fleet) -> Iterator[AwsGate]:
    with AwsGate(fleet.servers.aws.endpoint_url) as opened:
        opened.issue(fleet.servers.aws.access_key, fleet.servers.aws.secret_key)
        yield opened


@pytest.fixture
def roles(fleet: Fleet, gate: AwsGate) -> Iterator[RoleEndpoint]:
    aws = fleet.servers.aws
    with RoleEndpoint(gate, aws.access_key, aws.secret_key, KEY_SECONDS) as opened:
        yield opened


class Secret:
    """One secret, written by its owner past the gate."""

    def __init__(self, fleet: Fleet, content: dict[str, str]) -> None:
        aws = fleet.servers.aws
        session = boto3.session.Session(aws.access_key, aws.secret_key, region_name=aws.region)
        self._client = session.client("secretsmanager", endpoint_url=aws.endpoint_url)
        made = self._client.create_secret(Name=f"faults/{secrets.token_hex(8)}", SecretString=json.dumps(content))
        self.arn = made["ARN"]

    def put(self, content: dict[str, str]) -> None:
        self._client.put_secret_value(SecretId=self.arn, SecretString=json.dumps(content))

    def close(self) -> None:
        self._client.close()


def _start(fleet: Fleet, gate: AwsGate, **env: str) -> None:
    environment = {"AWS_ENDPOINT_URL": gate.url} | env
    fleet.start_worker(env=environment)
    fleet.start_beat(env=environment)


def _new_keys(gate: AwsGate) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": f"AKIA{secrets.token_hex(8).upper()}", "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20)}
    gate.issue(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    return keys


def _settled(fleet: Fleet, jobs: list[UUID], expected: Undisturbed, gate: AwsGate, seconds: float = 0) -> None:
    """Assert that all jobs succeeded, each with as few claims as when nothing happens."""
    took = fleet.wait_all(jobs, 3 * WORK_SECONDS + seconds)
    refused = {key: count for key, count in gate.counts.items() if key[2] not in ("OK", "HTTP 404", "HTTP 412")}
    print(f"{len(jobs)} documents in {took:.1f} s; refused: {refused}")
    figures = check(fleet, jobs, limit=LIMIT, expected=expected)
    print(figures)
    assert figures.states == {"succeeded": len(jobs)}


def _spread(fleet: Fleet, document: Document, seconds: float, meanwhile: Callable[[int], Any]) -> list[UUID]:
    """Submit the documents one after the other over that time; `meanwhile` is told how many there are."""
    jobs: list[UUID] = []
    for number in range(1, DOCUMENTS + 1):
        jobs += fleet.submit(document)
        meanwhile(number)
        time.sleep(seconds / DOCUMENTS)
    return jobs


@pytest.mark.parametrize("service", ["imds", "ecs"])
def test_role_credentials_that_expire_every_few_seconds(
    service: str, fleet: Fleet, gate: AwsGate, roles: RoleEndpoint, page: Document, undisturbed_of: Finder
) -> None:
    place = roles.imds_environment if service == "imds" else roles.ecs_environment
    _start(fleet, gate, **_NO_KEYS, **place)

    jobs = _spread(fleet, page, 4 * KEY_SECONDS, lambda _: None)

    _settled(fleet, jobs, undisturbed_of(page), gate)
    print(f"{len(roles.issued)} pairs of keys, asked for: {dict(roles.counts)}")
    assert len(roles.issued) >= 4
    assert not roles.counts["version 1"]


def test_a_secret_rotated_and_its_old_key_revoked(
    fleet: Fleet, gate: AwsGate, page: Document, undisturbed_of: Finder
) -> None:
    # Given keys that are far from being read again by themselves
    old = _new_keys(gate)
    with closing(Secret(fleet, old)) as secret:
        _start(fleet, gate, AWS_SECRET_ARN=secret.arn)

        def rotate(number: int) -> None:
            if number == DOCUMENTS // 2:
                secret.put(_new_keys(gate))
                gate.revoke(old["AWS_ACCESS_KEY_ID"])

        jobs = _spread(fleet, page, 6.0, rotate)

        _settled(fleet, jobs, undisturbed_of(page), gate)
    assert gate.count(outcome="InvalidAccessKeyId") >= 1


def test_a_secret_rotated_with_overlap_costs_nothing(
    fleet: Fleet, gate: AwsGate, page: Document, undisturbed_of: Finder
) -> None:
    # Given keys that are read again every second, and the old ones live for twice as long
    old = _new_keys(gate)
    with closing(Secret(fleet, old)) as secret:
        _start(fleet, gate, AWS_SECRET_ARN=secret.arn, OCR_CREDENTIALS_REFRESH_SECONDS="1")

        def rotate(number: int) -> None:
            if number == DOCUMENTS // 3:
                secret.put(_new_keys(gate))
            if number == DOCUMENTS:
                gate.revoke(old["AWS_ACCESS_KEY_ID"])

        jobs = _spread(fleet, page, 6.0, rotate)

        _settled(fleet, jobs, undisturbed_of(page), gate)
    assert gate.count(service="s3", outcome="InvalidAccessKeyId") <= 2  # a process without work has old keys yet


@pytest.mark.parametrize("how", ["cut", "error"])
def test_secrets_manager_away(
    how: Any, fleet: Fleet, gate: AwsGate, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    # Given keys that are due to be read again every second
    seconds = rounds(10, 60)
    with closing(Secret(fleet, _new_keys(gate))) as secret:
        _start(fleet, gate, AWS_SECRET_ARN=secret.arn, OCR_CREDENTIALS_REFRESH_SECONDS="1")
        with gate.outage("secretsmanager", how):
            jobs = _spread(fleet, page, seconds, lambda _: None)
            waited = fleet.wait_all(jobs, WORK_SECONDS)

        _settled(fleet, jobs, undisturbed_of(page), gate)
    print(f"away for {seconds} s and {waited:.1f} s more")
    assert "credentials_not_renewed" in fleet.log("worker")


@pytest.mark.parametrize("place", ["secret", "file"])
def test_the_database_password_changed(
    place: str, fleet: Fleet, gate: AwsGate, page: Document, undisturbed_of: Finder, tmp_path: Path
) -> None:
    # Given a login of the workers' own
    password, file = secrets.token_urlsafe(16), tmp_path / "password"
    file.write_text(password)
    with ExitStack() as opened:
        owner = opened.enter_context(closing(_owner(fleet)))
        run = opened.enter_context(owner.cursor()).execute
        run("CREATE ROLE rotated LOGIN PASSWORD %s IN ROLE " + fleet.servers.database_login.user, (password,))
        secret = opened.enter_context(closing(Secret(fleet, {"username": "rotated", "password": password})))
        ways = {"secret": {"DB_SECRET_ARN": secret.arn}, "file": {"DB_PASSWORD_FILE": str(file)}}
        _start(fleet, gate, DB_PASSWORD="", DB_USER="rotated", **ways[place])

        def rotate(number: int) -> None:
            if number % 10:
                return
            new = secrets.token_urlsafe(16)
            run("ALTER ROLE rotated PASSWORD %s", (new,))
            file.write_text(new)
            secret.put({"username": "rotated", "password": new})
            # What is open stays open when a password changes: here everybody has to log in again.
            run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotated'")

        jobs = _spread(fleet, page, 6.0, rotate)

        _settled(fleet, jobs, undisturbed_of(page), gate)
    assert '"login_renewed"' in fleet.log("worker")


@pytest.mark.parametrize("place", ["secret", "file"])
def test_the_redis_password_changed(
    place: str, fleet: Fleet, gate: AwsGate, page: Document, undisturbed_of: Finder, tmp_path: Path
) -> None:
    # Given a login of the workers' own, whose connections end when its password changes
    password, file = secrets.token_urlsafe(16), tmp_path / "password"
    file.write_text(password)
    admin = fleet.servers.redis_admin
    with (
        closing(Secret(fleet, {"username": "rotated", "password": password})) as secret,
        redis.Redis(HOST, fleet.servers.redis_port, username=admin.user, password=admin.password) as server,
    ):
        rights = "~* &* +@all -@admin -@dangerous +info"
        server.execute_command(f"ACL SETUSER rotated on >{password} {rights}")
        ways = {"secret": {"REDIS_SECRET_ARN": secret.arn}, "file": {"REDIS_PASSWORD_FILE": str(file)}}
        _start(fleet, gate, REDIS_PASSWORD="", REDIS_USERNAME="rotated", **ways[place])

        def rotate(number: int) -> None:
            if number != DOCUMENTS // 2:
                return
            new = secrets.token_urlsafe(16)
            server.execute_command(f"ACL SETUSER rotated resetpass >{new}")
            file.write_text(new)
            secret.put({"username": "rotated", "password": new})
            server.execute_command("CLIENT KILL USER rotated")

        jobs = _spread(fleet, page, 6.0, rotate)

        _settled(fleet, jobs, undisturbed_of(page), gate)


def test_database_tokens_that_expire(
    fleet: Fleet, gate: AwsGate, roles: RoleEndpoint, page: Document, undisturbed_of: Finder
) -> None:
    # Given tokens that are good for two seconds, signed with keys that are good for three
    servers = fleet.servers
    login = Login(servers.database_login.user, servers.database_login.password)
    with DatabaseGate(gate, servers.database_port, login, token_seconds=2.0) as database:
        place = {"DB_HOST": HOST, "DB_PORT": str(database.port), "DB_PASSWORD": "", "DB_IAM_AUTH": "true"}
        _start(fleet, gate, **_NO_KEYS, **roles.imds_environment, **place)

        jobs = _spread(fleet, page, 3 * KEY_SECONDS, lambda number: number % 5 or database.close_connections())

        _settled(fleet, jobs, undisturbed_of(page), gate)
        print(f"{database.accepted} logins, {len(database.tokens)} tokens, refused: {database.refused}")
        assert database.accepted >= 6
        assert len(database.tokens) >= 4


def _owner(fleet: Fleet) -> Any:
    """The owner's connection to the fleet's database."""
    servers = fleet.servers
    login = servers.database_login
    connection = psycopg2.connect(
        host=HOST, port=servers.database_port, user=login.user, password=login.password, dbname=servers.database
    )
    connection.autocommit = True
    return connection


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
@pytest.mark.parametrize("source", ["imds", "ecs", "secret", "environment"])
def test_every_pool_with_every_source(
    pool: str, source: str, fleet: Fleet, gate: AwsGate, roles: RoleEndpoint, page: Document, undisturbed_of: Finder
) -> None:
    aws = fleet.servers.aws
    with closing(Secret(fleet, _new_keys(gate))) as secret:
        env = {
            "imds": _NO_KEYS | roles.imds_environment,
            "ecs": _NO_KEYS | roles.ecs_environment,
            "secret": {"AWS_SECRET_ARN": secret.arn},
            "environment": {"AWS_ACCESS_KEY_ID": aws.access_key, "AWS_SECRET_ACCESS_KEY": aws.secret_key},
        }[source]
        fleet.start_worker(pool=pool, env={"AWS_ENDPOINT_URL": gate.url} | env)
        fleet.start_beat(env={"AWS_ENDPOINT_URL": gate.url} | env)

        jobs = fleet.submit(page, 20)

        _settled(fleet, jobs, undisturbed_of(page), gate)

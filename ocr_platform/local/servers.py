"""The three servers that the platform needs: how each is set up, started and asked whether it is ready."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGINT
from urllib.error import URLError
from urllib.request import urlopen

import psycopg2
import redis

from ocr_platform.errors import StackFailed
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.redis_users import NO_DEFAULT_USER
from ocr_platform.local.service import Service, require
from ocr_platform.local.uninterrupted import uninterrupted
from ocr_platform.logins import Login

HOST = "127.0.0.1"
_CONNECT_SECONDS = 2
# Larger objects go to files: what is in the throw-away bucket must not, since it is there in plain.
_KEEP_IN_MEMORY_BYTES = str(2 * 1024**3)


def redis_service(
    directory: StackDirectory, port: int, logins: tuple[Login, Login], environment: Mapping[str, str]
) -> Service:
    """Redis for one user who is worker, application and Flower in one, and for an administrator."""
    platform, admin = logins
    users = (
        f"user {platform.user} on {_hashed(platform)} ~* &* +@all -@admin -@dangerous +info",
        administrator(admin),
    )
    return redis_with_users(directory, port, users, environment)


def administrator(login: Login) -> str:
    """The line of a user who may do everything."""
    return f"user {login.user} on {_hashed(login)} ~* &* +@all"


def redis_with_users(
    directory: StackDirectory, port: int, users: Sequence[str], environment: Mapping[str, str]
) -> Service:
    """Redis for these users, lines of its access list; no persistence, no other users."""
    acl = directory.write("redis.acl", "\n".join((NO_DEFAULT_USER, *users)) + "\n")
    lines = {
        "bind": HOST,
        "port": port,
        "dir": directory.make("redis"),
        "aclfile": acl,
        "save": '""',
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "set-proc-title": "no",  # it would be written over the environment, and with it the stack's mark
    }
    config = directory.write("redis.conf", "".join(f"{name} {value}\n" for name, value in lines.items()))
    return Service("redis", [require("redis-server"), config], environment, directory.path / "logs/redis.log")


def redis_ready(port: int, login: Login) -> bool:
    """True when Redis answers this login."""
    with redis.Redis(HOST, port, username=login.user, password=login.password) as connection:
        try:
            return bool(connection.ping())
        except redis.exceptions.ConnectionError:
            return False


def _hashed(login: Login) -> str:
    return "#" + hashlib.sha256(login.password.encode()).hexdigest()


def postgres_service(directory: StackDirectory, port: int, login: Login, environment: Mapping[str, str]) -> Service:
    """A new PostgreSQL cluster whose only user is `login`, reachable over loopback with scram alone."""
    programs = _postgres_programs()
    user = "postgres" if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
    data = directory.make("postgres")
    password = directory.write("postgres.password", login.password)
    if user is not None:
        for path in (data, password):
            _give_to(path, user)
    _initdb(programs / "initdb", data, password, login.user, user, environment)
    settings = {
        "listen_addresses": HOST,
        "port": port,
        "unix_socket_directories": "",
        "fsync": "off",  # thrown away with the machine's next crash anyhow
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "32MB",
        "dynamic_shared_memory_type": "mmap",  # in the data directory: nothing outside outlives a killed server
        "max_connections": "100",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command: list[str | Path] = [programs / "postgres", "-D", data, *options]
    log = directory.path / "logs/postgres.log"
    return Service("postgres", command, environment, log, stop_signal=SIGINT, user=user)


def _initdb(
    program: Path, data: Path, password: Path, name: str, user: str | None, environment: Mapping[str, str]
) -> None:
    identity = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"] if user else []
    options = ["--no-sync", "--auth=scram-sha-256", f"--pwfile={password}", f"--username={name}"]
    with uninterrupted():  # half a second; killed in between it would leave shared memory behind
        done = subprocess.run(  # noqa: S603  arguments are our own, no shell
            [*identity, str(program), "-D", str(data), *options, "--encoding=UTF8", "--locale=C"],
            env=dict(environment),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise StackFailed(f"initdb failed: {done.stderr.strip()}")


def _give_to(path: Path, user: str) -> None:
    import pwd

    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)


def _postgres_programs() -> Path:
    """The directory of the newest server programs: distributions keep them off the PATH."""
    try:
        config = require("pg_config")
        found = [Path(subprocess.check_output([config, "--bindir"], text=True).strip())]  # noqa: S603
    except (StackFailed, subprocess.CalledProcessError):
        found = []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    found += [Path(require("initdb")).parent] if not found else []
    for path in found:
        if (path / "initdb").exists() and (path / "postgres").exists():
            return path
    raise StackFailed("PostgreSQL's server is not installed; run scripts/bootstrap.")


def postgres_ready(port: int, login: Login) -> bool:
    """True when PostgreSQL answers this login."""
    try:
        psycopg2.connect(
            host=HOST,
            port=port,
            user=login.user,
            password=login.password,
            dbname="postgres",
            connect_timeout=_CONNECT_SECONDS,
        ).close()
    except psycopg2.OperationalError:
        return False
    return True


def create_database(port: int, login: Login, name: str) -> None:
    """Create the platform's database."""
    connection = psycopg2.connect(host=HOST, port=port, user=login.user, password=login.password, dbname="postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
    finally:
        connection.close()


def aws_service(directory: StackDirectory, port: int, environment: Mapping[str, str]) -> Service:
    """The emulator of S3, KMS and Secrets Manager; all that it holds is in its memory."""
    command = [sys.executable, "-m", "ocr_platform.local.emulator", "-H", HOST, "-p", str(port)]
    own = {**environment, "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": _KEEP_IN_MEMORY_BYTES}
    return Service("aws", command, own, directory.path / "logs/aws.log")


def http_ready(url: str) -> bool:
    """True when something answers there."""
    try:
        with urlopen(url, timeout=_CONNECT_SECONDS):  # noqa: S310  a loopback address of our own
            return True
    except (URLError, OSError):
        return False

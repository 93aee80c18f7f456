"""Who gets in: Redis's users and their commands, Flower's login, and what other users of the machine could see."""

import base64
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ocr_platform.local.servers import HOST
from ocr_platform.local.stack import LocalStack
from ocr_platform.logins import Login
from tests.conftest import Servers

PAGES = ("/", "/workers", "/tasks", "/broker", "/api/workers", "/api/tasks", "/api/queues/length")
FORBIDDEN = (
    ("CONFIG", "GET", "*"),
    ("CONFIG", "SET", "dir", "/tmp"),
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("KEYS", "*"),
    ("DEBUG", "SLEEP", "0"),
    ("MONITOR",),
    ("ACL", "LIST"),
    ("SHUTDOWN",),
    ("CLIENT", "LIST"),
    ("MODULE", "LIST"),
    ("REPLICAOF", "127.0.0.1", "1"),
)


def connection(servers: Servers, login: Login | None) -> redis.Redis:
    user, password = (login.user, login.password) if login else (None, None)
    return redis.Redis(HOST, servers.redis_port, username=user, password=password, retry=Retry(NoBackoff(), 0))


@pytest.mark.parametrize("who", ["nobody", "default", "wrong password", "unknown user"])
def test_redis_refuses_who_has_no_login(who: str, servers: Servers) -> None:
    right = servers.redis_login.password
    logins = {
        "nobody": None,
        "default": Login("default", right),
        "wrong password": Login(servers.redis_login.user, "wrong"),
        "unknown user": Login("somebody", right),
    }

    with connection(servers, logins[who]) as client, pytest.raises(redis.exceptions.AuthenticationError):
        client.ping()


@pytest.mark.parametrize("command", FORBIDDEN, ids=" ".join)
def test_the_platforms_user_may_not_administer_redis(command: tuple[str, ...], servers: Servers) -> None:
    with connection(servers, servers.redis_login) as client, pytest.raises(redis.exceptions.ResponseError) as refused:
        client.execute_command(*command)

    # DEBUG is refused to everybody, before it is asked who calls
    assert isinstance(refused.value, redis.exceptions.NoPermissionError) or command[0] == "DEBUG"


def test_the_platforms_user_may_do_what_celery_does(servers: Servers) -> None:
    with connection(servers, servers.redis_login) as client:
        client.lpush("test", "x")

        assert client.brpop(["test"], timeout=1) == (b"test", b"x")
        assert client.info("server")["redis_version"]


def test_no_process_of_the_stack_asks_redis_for_more_than_it_may(stack: LocalStack) -> None:
    # Given a stack that is ready, and that other tests may have given work
    login = stack.redis_admin
    with redis.Redis(HOST, stack.redis_port, username=login.user, password=login.password) as admin:
        assert admin.acl_log() == []


def get(url: str, login: Login | None = None) -> int:
    request = Request(url)  # noqa: S310  the stack's own address
    if login is not None:
        token = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    try:
        with urlopen(request, timeout=20) as answer:  # noqa: S310  the stack's own address
            return int(answer.status)
    except HTTPError as exc:
        exc.close()
        return exc.code


@pytest.mark.parametrize("page", PAGES)
def test_flower_refuses_without_login_and_answers_with_it(page: str, stack: LocalStack) -> None:
    url = stack.flower_url + page
    wrong = Login(stack.flower_login.user, "wrong")

    assert get(url) == 401
    assert get(url, wrong) == 401
    assert get(url, stack.flower_login) == 200


def test_nobody_stops_a_worker_through_flower(stack: LocalStack) -> None:
    # Given the login: Flower only shows
    for path in ("/api/worker/shutdown/any", "/api/task/async-apply/ocr_platform.sweep"):
        request = Request(stack.flower_url + path, data=b"{}", method="POST")  # noqa: S310  the stack's own address
        token = base64.b64encode(f"{stack.flower_login.user}:{stack.flower_login.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        with pytest.raises(HTTPError) as refused:
            urlopen(request, timeout=20)  # noqa: S310  the same
        refused.value.close()

        assert refused.value.code in (401, 403, 404, 405)
    stack.check()


def secrets_of(stack: LocalStack) -> dict[str, str]:
    return {
        **{login.user: login.password for login in stack.redis_logins.values()},
        "Redis's administrator": stack.redis_admin.password,
        "Postgres": stack.database_login.password,
        "Flower": stack.flower_login.password,
        "the AWS key's id": stack.aws.access_key,
        "the AWS key": stack.aws.secret_key,
    }


def test_no_process_of_the_stack_shows_a_secret_in_its_environment_or_command_line(stack: LocalStack) -> None:
    # Given worker and its children, beat, Flower and the servers
    processes = processes_of(stack)

    commands = {part for process in processes for part in process.cmdline()}
    assert {"worker", "beat", "flower", "ocr_platform.local.emulator"} <= commands
    for process in processes:
        shown = visible(process)
        assert [name for name, value in secrets_of(stack).items() if value in shown] == [], process


def processes_of(stack: LocalStack) -> list[psutil.Process]:
    found = []
    for service in (*stack._servers, *stack._own):
        assert service.process is not None
        process = psutil.Process(service.process.pid)
        found += [process, *process.children(recursive=True)]
    return found


def visible(process: psutil.Process) -> str:
    """What /proc tells of a process to others of its user, and of its command to everybody."""
    folder = Path(f"/proc/{process.pid}")
    return "".join((folder / name).read_text(errors="replace") for name in ("environ", "cmdline"))


def test_the_logs_of_the_stack_show_no_secret(stack: LocalStack) -> None:
    logs = {path.name: path.read_text(errors="replace") for path in stack.logs.iterdir()}

    assert logs["worker.log"]
    for name, text in logs.items():
        assert [secret for secret, value in secrets_of(stack).items() if value in text] == [], name

"""Redis' users as files, and the script by which docker-compose.prod.yml starts Redis with them, run for real."""

import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ocr_platform.local import redis_users
from tests.unit.deployment.support import ROOT, SERVICES, interpolate

FILES = ROOT / "config" / "redis"

USERS = {user.name: user.name.removeprefix("ocr-") for user in redis_users.USERS}
# What a shell might take for something else.
AWKWARD = 'white space, "quotes", $dollars, #marks and \\s of '


@pytest.fixture
def passwords(tmp_path: Path) -> dict[str, str]:
    """Passwords of Redis' users, each in its file."""
    for directory in ("secrets", "acl", "data"):
        (tmp_path / directory).mkdir()
    made = {}
    for user, name in USERS.items():
        made[user] = AWKWARD + name
        (tmp_path / "secrets" / f"redis_{name}_password").write_text(made[user] + "\n", encoding="utf-8")
    return made


@pytest.fixture
def running_redis(tmp_path: Path, passwords: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis that the compose file's own script started in `tmp_path`."""
    assert passwords
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    process = subprocess.Popen(["sh", "-euc", redis_script(tmp_path)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        # It listens before it has made the files that it keeps its data in.
        while not ((tmp_path / "socket").exists() and any((tmp_path / "data").iterdir())):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


def redis_script(directory: Path) -> str:
    shell, flags, script = SERVICES["redis"]["command"]
    assert (shell, flags) == ("sh", "-euc")
    return in_directory(interpolate(script, {}), directory).replace(
        "exec redis-server", f"exec redis-server --port 0 --unixsocket {directory}/socket"
    )


def in_directory(script: str, directory: Path) -> str:
    assert "'" not in str(directory)
    script = script.replace("/etc/ocr-platform/redis/", f"{FILES}/")
    for inside, outside in (("/run/secrets", "secrets"), ("/run/redis", "acl"), ("/data", "data")):
        script = script.replace(f"{inside} ", f"{directory}/{outside} ")
        script = script.replace(f"{inside}/", f"{directory}/{outside}/")
    return script


def connection(directory: Path, user: str | None, password: str | None) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(directory / "socket"),
        username=user,
        password=password,
        retry=Retry(NoBackoff(), retries=0),
    )


class TestRedis:
    def test_it_lets_each_user_in_by_its_own_password_and_nobody_else(
        self, running_redis: subprocess.Popen[bytes], passwords: dict[str, str], tmp_path: Path
    ) -> None:
        for user, password in passwords.items():
            with connection(tmp_path, user, password) as client:
                assert client.ping()
                with pytest.raises(redis.exceptions.NoPermissionError):
                    client.config_get("maxmemory-policy")
        somebody = passwords["ocr-client"]
        for name, refused in ((None, None), (None, somebody), ("ocr-worker", somebody), ("ocr-client", "wrong")):
            with connection(tmp_path, name, refused) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
                stranger.ping()
        assert running_redis.poll() is None

    def test_it_keeps_everything_and_shows_no_password(
        self, running_redis: subprocess.Popen[bytes], tmp_path: Path
    ) -> None:
        command, environ = (Path(f"/proc/{running_redis.pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
        users = tmp_path / "acl" / "users.acl"

        script = redis_script(tmp_path)
        assert "--maxmemory-policy noeviction" in script
        assert "--appendonly yes" in script
        assert not any(b"dollars" in text for text in (command, environ, users.read_bytes()))
        assert stat.S_IMODE(users.stat().st_mode) == 0o600
        assert list((tmp_path / "data").iterdir())

    @pytest.mark.usefixtures("running_redis")
    def test_its_health_check_passes_and_fails_with_another_password(self, tmp_path: Path) -> None:
        kind, check = SERVICES["redis"]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        check = in_directory(interpolate(check, {}), tmp_path)
        check = check.replace("redis-cli", f"redis-cli -s {tmp_path}/socket")
        assert subprocess.run(["sh", "-c", check], check=False).returncode == 0
        (tmp_path / "secrets" / "redis_client_password").write_text("another", encoding="utf-8")
        run = subprocess.run(["sh", "-c", check], check=False, stderr=subprocess.DEVNULL)
        assert run.returncode != 0

    @pytest.mark.usefixtures("passwords")
    @pytest.mark.parametrize("name", USERS.values())
    @pytest.mark.parametrize(
        ("content", "reason"), [("\n", "is empty"), ("", "is empty"), (None, "cannot be read")], ids=repr
    )
    def test_it_does_not_start_without_a_password(
        self, name: str, content: str | None, reason: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "secrets" / f"redis_{name}_password"
        if content is None:
            file.unlink()
        else:
            file.write_text(content, encoding="utf-8")
        run = subprocess.run(
            ["sh", "-euc", redis_script(tmp_path)], check=False, capture_output=True, text=True, timeout=10
        )
        assert run.returncode == 1
        assert run.stderr == f"the password file {file} {reason}: write a password into it\n"
        assert not list((tmp_path / "acl").iterdir())


class TestUsers:
    @pytest.mark.parametrize("user", redis_users.USERS, ids=lambda user: user.name)
    def test_a_file_says_what_the_program_says(self, user: redis_users.RedisUser) -> None:
        lines = (FILES / f"{USERS[user.name]}.acl").read_text(encoding="utf-8").splitlines()

        assert [line for line in lines if not line.startswith("# ")] == [user.line_with(redis_users.PLACEHOLDER)]

    def test_the_script_makes_of_the_files_what_the_program_makes(
        self, passwords: dict[str, str], tmp_path: Path
    ) -> None:
        made = tmp_path / "users.acl"
        files = [f"{name}={tmp_path}/secrets/redis_{name}_password" for name in USERS.values()]

        subprocess.run(["sh", FILES / "users.sh", made, *files], check=True)

        own = [user.line(passwords[user.name]) for user in redis_users.USERS]
        assert made.read_text(encoding="utf-8").splitlines() == [redis_users.NO_DEFAULT_USER, *own]

    def test_the_script_names_a_user_that_it_does_not_know(self, passwords: dict[str, str], tmp_path: Path) -> None:
        assert passwords
        run = subprocess.run(
            ["sh", FILES / "users.sh", tmp_path / "users.acl", f"nobody={tmp_path}/secrets/redis_client_password"],
            check=False,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 1
        assert run.stderr.startswith("there is no user nobody: ")
        assert not (tmp_path / "users.acl").exists()

"""The script by which docker-compose.prod.yml starts Redis, run for real."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.unit.deployment.support import SERVICES, interpolate


@pytest.fixture
def running_redis(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process and the password of a Redis that the compose file's own script started in `tmp_path`."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    password = 'white space, "quotes", $dollars, #marks and \\s'
    for directory in ("secrets", "acl", "data"):
        (tmp_path / directory).mkdir()
    (tmp_path / "secrets" / "redis_password").write_text(password + "\n", encoding="utf-8")
    process = subprocess.Popen(["sh", "-euc", redis_script(tmp_path)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not (tmp_path / "socket").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process, password
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
    for inside, outside in (("/run/secrets", "secrets"), ("/run/redis", "acl"), ("/data", "data")):
        assert "'" not in str(directory)
        script = script.replace(f"{inside} ", f"{directory}/{outside} ")
        script = script.replace(f"{inside}/", f"{directory}/{outside}/")
    return script


class TestRedis:
    def test_it_asks_for_the_password_keeps_everything_and_shows_nothing(
        self, running_redis: tuple[subprocess.Popen[bytes], str], tmp_path: Path
    ) -> None:
        process, password = running_redis
        socket = str(tmp_path / "socket")
        with redis.Redis(unix_socket_path=socket, password=password, decode_responses=True) as client:
            assert client.ping()
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("appendonly") == {"appendonly": "yes"}
        for refused in (None, "wrong"):
            retry = Retry(NoBackoff(), retries=0)
            stranger = redis.Redis(unix_socket_path=socket, password=refused, retry=retry)
            with stranger, pytest.raises(redis.exceptions.AuthenticationError):
                stranger.ping()

        shown = [Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
        shown.append((tmp_path / "acl" / "users.acl").read_bytes())
        assert not any(b"dollars" in text for text in shown)

    @pytest.mark.usefixtures("running_redis")
    def test_its_health_check_passes_and_fails_with_another_password(self, tmp_path: Path) -> None:
        kind, check = SERVICES["redis"]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        check = in_directory(interpolate(check, {}), tmp_path)
        check = check.replace("redis-cli", f"redis-cli -s {tmp_path}/socket")
        assert subprocess.run(["sh", "-c", check], check=False).returncode == 0
        (tmp_path / "secrets" / "redis_password").write_text("another", encoding="utf-8")
        run = subprocess.run(["sh", "-c", check], check=False, stderr=subprocess.DEVNULL)
        assert run.returncode != 0

    def test_it_does_not_start_without_a_password(self, tmp_path: Path) -> None:
        (tmp_path / "secrets").mkdir()
        (tmp_path / "acl").mkdir()
        (tmp_path / "secrets" / "redis_password").write_text("\n", encoding="utf-8")
        run = subprocess.run(
            ["sh", "-euc", redis_script(tmp_path)], check=False, capture_output=True, text=True, timeout=10
        )
        assert run.returncode == 1
        assert run.stderr.startswith("the secret redis_password is empty")
        assert not list((tmp_path / "acl").iterdir())

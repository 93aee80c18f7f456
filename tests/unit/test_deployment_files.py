"""The files that put the platform into production keep their promises: no secret, nothing open, no root."""

import importlib
import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ocr_platform.settings import AppEnv, Settings, SslMode, load_settings

# No type stubs for it among the development requirements.
yaml: Any = importlib.import_module("yaml")

ROOT = Path(__file__).parents[2]
COMPOSE_TEXT = (ROOT / "docker-compose.prod.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "config" / "production.env.example").read_text(encoding="utf-8")

PLATFORM = ("worker", "beat", "flower", "migrate")
STORES = ("postgres", "redis")

SECRET_NAME = re.compile(r"PASSWORD|SECRET|KEY_ID|TOKEN|ACCESS_KEY")
AWS_KEYS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
# ${NAME}, ${NAME:-default} and ${NAME:?message}; "$$" is a dollar sign of the shell.
INTERPOLATION = re.compile(r"(?<!\$)\$\{([A-Z][A-Z0-9_]*)(?:(:-|:\?)([^}]*))?\}")
# Valid, invented, and nobody's.
FILLED_IN = {
    "AWS_REGION": "eu-central-1",
    "S3_BUCKET_NAME": "documents",
    "KMS_KEY_ID": f"arn:aws:kms:eu-central-1:{'0' * 12}:key/example",
}


def environment(service: str) -> dict[str, str | None]:
    variables: dict[str, str | None] = SERVICES[service].get("environment", {})
    return variables


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """What Compose makes of `text`; a required variable that is not in `values` raises KeyError."""

    def value(match: re.Match[str]) -> str:
        name, kind, default = match.groups()
        return values.get(name, default) if kind == ":-" else values[name]

    return INTERPOLATION.sub(value, text).replace("$$", "$")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, arguments), comments dropped and continued lines joined."""
    lines = (line for line in DOCKERFILE.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1].strip()) for line in joined.splitlines()]


def arguments(instruction: str) -> list[str]:
    return [rest for name, rest in instructions() if name == instruction]


def image_user() -> str:
    return arguments("USER")[-1].partition(":")[0]


def documented() -> dict[str, tuple[str, bool]]:
    """The example's variables: name to (value, whether it is set and not merely shown)."""
    found = re.findall(r"^(#?)([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, flags=re.MULTILINE)
    names = [name for _, name, _ in found]
    assert len(names) == len(set(names)), "a variable stands in the example twice"
    return {name: (value, not hidden) for hidden, name, value in found}


def filled_in() -> dict[str, str]:
    """What an operator has after copying the example and filling it in."""
    return {name: value for name, (value, is_set) in documented().items() if is_set} | FILLED_IN


class TestCompose:
    def test_it_has_the_services_of_the_platform_and_its_stores(self) -> None:
        assert set(SERVICES) == {*PLATFORM, *STORES}

    @pytest.mark.parametrize("service", PLATFORM)
    def test_a_service_runs_the_command_of_its_name(self, service: str) -> None:
        assert SERVICES[service]["command"] == [service]
        assert "entrypoint" not in SERVICES[service]

    def test_the_platforms_services_share_one_image_and_one_of_them_builds_it(self) -> None:
        assert len({SERVICES[service]["image"] for service in PLATFORM}) == 1
        assert [service for service in SERVICES if "build" in SERVICES[service]] == ["migrate"]

    def test_the_stores_have_a_fixed_major_version(self) -> None:
        assert SERVICES["postgres"]["image"] == "postgres:16"
        assert SERVICES["redis"]["image"] == "redis:7"

    @pytest.mark.parametrize("service", SERVICES)
    def test_no_secret_stands_in_an_environment(self, service: str) -> None:
        for name, value in environment(service).items():
            assert name not in AWS_KEYS, "credentials come from the role of the machine"
            if name.endswith("_FILE"):
                assert value is not None
                directory, _, secret = value.rpartition("/")
                assert directory == "/run/secrets"
                assert secret in SERVICES[service]["secrets"], f"{service} is not given {secret}"
            elif SECRET_NAME.search(name) and value is not None:
                match = INTERPOLATION.fullmatch(value)
                assert match, f"{service}: {name} has a literal value"
                assert match[1] == name
                assert match[2] != ":-", f"{service}: {name} has a default"

    def test_every_secret_is_a_file_outside_the_compose_file_and_somebody_uses_it(self) -> None:
        for name, secret in COMPOSE["secrets"].items():
            assert set(secret) == {"file"}
            assert Path(interpolate(secret["file"], {})) == Path("secrets") / name
        used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
        assert used == set(COMPOSE["secrets"])

    def test_flower_has_a_login_that_nobody_else_knows(self) -> None:
        flower = environment("flower")
        assert INTERPOLATION.fullmatch(str(flower["OCR_FLOWER_USER"]))
        assert flower["OCR_FLOWER_PASSWORD_FILE"] == "/run/secrets/flower_password"
        knowing = [name for name, service in SERVICES.items() if "flower_password" in service["secrets"]]
        assert knowing == ["flower"]

    def test_flower_alone_publishes_a_port_and_only_on_loopback(self) -> None:
        published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
        assert set(published) == {"flower"}
        ports = [interpolate(port, {}) for port in published["flower"]]
        assert ports == [f"127.0.0.1:5555:{environment('flower')['OCR_FLOWER_PORT']}"]
        assert not any("network_mode" in service for service in SERVICES.values())

    def test_only_the_worker_reaches_aws_and_nobody_outside_reaches_the_stores(self) -> None:
        inner = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
        assert inner == {"internal"}
        outer = {name: set(service["networks"]) - inner for name, service in SERVICES.items()}
        assert {name: networks for name, networks in outer.items() if networks} == {
            "worker": {"egress"},
            "flower": {"flower"},
        }
        assert all("internal" in service["networks"] for service in SERVICES.values())

    @pytest.mark.parametrize("service", SERVICES)
    def test_a_container_may_do_nothing_it_need_not(self, service: str) -> None:
        definition = SERVICES[service]
        assert definition["read_only"] is True
        assert definition["cap_drop"] == ["ALL"]
        assert "cap_add" not in definition
        assert "privileged" not in definition
        assert definition["security_opt"] == ["no-new-privileges:true"]
        # The image's own user, or one that is named here.
        if service in STORES:
            assert definition["user"].partition(":")[0] not in {"", "0", "root"}
        else:
            assert "user" not in definition

    @pytest.mark.parametrize("service", SERVICES)
    def test_memory_never_reaches_a_disk(self, service: str) -> None:
        definition = SERVICES[service]
        assert definition["mem_limit"] == definition["memswap_limit"], "the difference is swap"
        assert definition["ulimits"]["core"] == 0

    @pytest.mark.parametrize("service", SERVICES)
    def test_a_container_is_given_time_to_stop_and_comes_back(self, service: str) -> None:
        assert re.fullmatch(r"\d+s", SERVICES[service]["stop_grace_period"])
        assert SERVICES[service]["restart"] == ("no" if service == "migrate" else "unless-stopped")

    @pytest.mark.parametrize("service", PLATFORM)
    def test_temporary_files_go_to_a_tmpfs_of_the_images_user(self, service: str) -> None:
        (mount,) = SERVICES[service]["tmpfs"]
        path, _, options = interpolate(mount, {}).partition(":")
        assert path == environment(service)["OCR_TEMP_DIR"]
        assert {f"uid={image_user()}", f"gid={image_user()}", "mode=0700"} < set(options.split(","))
        assert re.search(r"size=\d+m", options)

    @pytest.mark.parametrize("service", ["worker", "beat"])
    def test_nothing_uses_tables_before_they_are_there(self, service: str) -> None:
        waits = {name: wait["condition"] for name, wait in SERVICES[service]["depends_on"].items()}
        assert waits == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "redis": "service_healthy",
        }
        assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
        assert all("healthcheck" in SERVICES[store] for store in STORES)

    def test_postgres_takes_its_password_from_a_file_and_asks_for_it_everywhere(self) -> None:
        postgres = environment("postgres")
        assert postgres["POSTGRES_PASSWORD_FILE"] == environment("migrate")["DB_PASSWORD_FILE"]
        assert postgres["POSTGRES_HOST_AUTH_METHOD"] == "scram-sha-256"
        arguments = str(postgres["POSTGRES_INITDB_ARGS"]).split()
        assert {"--auth-host=scram-sha-256", "--auth-local=scram-sha-256"} <= set(arguments)

    def test_a_missing_setting_is_asked_for_in_words(self) -> None:
        asked = {name: message for name, kind, message in INTERPOLATION.findall(COMPOSE_TEXT) if kind == ":?"}
        assert set(asked) == {
            "AWS_REGION",
            "S3_BUCKET_NAME",
            "KMS_KEY_ID",
            "DB_NAME",
            "DB_USER",
            "OCR_FLOWER_USER",
        }
        assert all(message.startswith("set it to ") for message in asked.values())

    @pytest.mark.parametrize("service", PLATFORM)
    def test_the_program_accepts_what_compose_gives_it(self, service: str, tmp_path: Path) -> None:
        environ = {}
        for name, value in environment(service).items():
            if value is not None:
                environ[name] = interpolate(value, filled_in()).replace("/run/secrets", str(tmp_path))
        for secret in SERVICES[service]["secrets"]:
            (tmp_path / secret).write_text(f"the {secret}\n", encoding="utf-8")

        settings = load_settings(environ)

        assert settings.app_env is AppEnv.PRODUCTION
        assert settings.resolved_sslmode is SslMode.DISABLE
        assert settings.db_host == "postgres"
        assert settings.redis_host == "redis"
        needs_database = service in ("worker", "migrate")
        given = settings.db_password and settings.db_password.get_secret_value()
        assert given == ("the db_password" if needs_database else None)
        assert settings.redis_password is not None
        assert settings.redis_password.get_secret_value() == "the redis_password"
        assert (settings.ocr_flower_password is not None) == (service == "flower")
        # A worker may end the page in hand before it is killed.
        grace = float(str(SERVICES["worker"]["stop_grace_period"]).removesuffix("s"))
        assert grace >= settings.ocr_time_slice_seconds + settings.ocr_page_timeout_seconds

    def test_every_setting_of_the_platform_can_be_given_to_the_worker(self) -> None:
        own = {name for name in map(str.upper, Settings.model_fields) if name.startswith("OCR_")}
        assert {name for name in own if "FLOWER" not in name} <= set(environment("worker"))


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


class TestDockerfile:
    def test_it_builds_in_one_stage_and_runs_in_another_on_the_same_base(self) -> None:
        assert arguments("FROM") == ["${BASE_IMAGE} AS build", "${BASE_IMAGE} AS runtime"]
        assert [rest for rest in arguments("COPY") if rest.startswith("--from")] == ["--from=build /opt/venv /opt/venv"]

    def test_the_last_user_is_a_number_and_not_root(self) -> None:
        assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", arguments("USER")[-1])
        last = [name for name, _ in instructions()]
        assert last.index("USER") > max(i for i, name in enumerate(last) if name in {"RUN", "COPY"})

    def test_it_runs_the_platforms_command_and_a_worker_by_default(self) -> None:
        assert json.loads(arguments("ENTRYPOINT")[-1]) == ["ocr-platform"]
        assert json.loads(arguments("CMD")[-1]) == ["worker"]
        assert arguments("STOPSIGNAL") == ["SIGTERM"]
        assert not arguments("HEALTHCHECK"), "each service of the compose file has its own"

    def test_no_secret_is_set_or_taken(self) -> None:
        for rest in arguments("ARG") + arguments("ENV"):
            names = re.findall(r"([A-Z_]+)=", rest)
            assert names
            assert not any(SECRET_NAME.search(name) for name in names)
        assert not any("--mount=type=secret" in rest for rest in arguments("RUN"))

    def test_dependencies_are_the_locked_ones(self) -> None:
        installs = [command for rest in arguments("RUN") for command in rest.split(" && ") if "pip install" in command]
        assert len(installs) == 2
        assert "--require-hashes --requirement requirements/production.txt" in installs[0]
        assert "--no-deps --no-build-isolation" in installs[1]

    def test_tesseract_has_one_thread_and_its_files_go_where_compose_mounts_a_tmpfs(self) -> None:
        environ = dict(re.findall(r"(\w+)=(\S+)", " ".join(arguments("ENV"))))
        assert environ["OMP_THREAD_LIMIT"] == "1"
        assert environ["OCR_TEMP_DIR"] == environ["TMPDIR"] == environment("worker")["OCR_TEMP_DIR"]

    def test_only_what_is_copied_enters_the_build(self) -> None:
        lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        patterns = [line for line in lines if line and not line.startswith("#")]
        assert patterns[0] == "*"
        admitted = {line[1:] for line in patterns if line.startswith("!")}
        copied = {
            source.rstrip("/")
            for rest in arguments("COPY")
            if not rest.startswith("--from")
            for source in rest.split()[:-1]
        }
        assert admitted == copied
        assert all((ROOT / name).exists() for name in copied)


class TestEnvironmentExample:
    def test_it_holds_no_secret_and_no_name_for_one(self) -> None:
        for name, (value, _) in documented().items():
            if SECRET_NAME.search(name) and not name.endswith("_FILE"):
                assert name in {"KMS_KEY_ID", "AWS_SECRET_ARN", "SECRETS_DIR"}
            if name.endswith("PASSWORD_FILE"):
                assert value.startswith("/etc/ocr-platform/secrets/")

    def test_what_must_be_filled_in_is_an_obvious_placeholder(self) -> None:
        variables = documented()
        assert variables["AWS_REGION"] == ("REGION", True)
        assert variables["S3_BUCKET_NAME"] == ("BUCKET-NAME", True)
        assert variables["KMS_KEY_ID"] == ("arn:aws:kms:REGION:ACCOUNT:key/KEY-ID", True)

    def test_every_line_is_a_comment_or_a_plain_assignment(self) -> None:
        for line in EXAMPLE.splitlines():
            assert not line or re.fullmatch(r"#( .*|[A-Z0-9_]+=\S*)|[A-Z0-9_]+=[^\s\"'#]+", line), line

    def test_every_variable_is_explained_in_the_line_above(self) -> None:
        lines = EXAMPLE.splitlines()
        for before, line in itertools.pairwise(lines):
            if re.match(r"#?[A-Z][A-Z0-9_]*=", line):
                assert re.fullmatch(r"# [A-Z].*\.", before), f"{line} is not explained"

    def test_it_names_every_setting_and_nothing_else(self) -> None:
        secrets = {name.removesuffix("_FILE") for name in documented() if name.endswith("PASSWORD_FILE")}
        settings = set(map(str.upper, Settings.model_fields)) - AWS_KEYS - {"PATH"}
        compose = {name for name, _, _ in INTERPOLATION.findall(COMPOSE_TEXT)}
        named = {name for name in documented() if name.removesuffix("_FILE") not in secrets} | secrets
        assert named == settings | compose

    def test_it_sets_what_compose_asks_for(self) -> None:
        interpolate(COMPOSE_TEXT, filled_in())

    def test_the_defaults_that_it_shows_are_those_of_the_program(self) -> None:
        required = FILLED_IN | {
            "DB_NAME": "name",
            "DB_USER": "user",
            "DB_PASSWORD": "password",
            "DB_SSLMODE": "disable",
        }
        compared = 0
        for name, (value, is_set) in documented().items():
            field = Settings.model_fields.get(name.lower())
            if field is not None and not is_set and field.default is not None:
                settings = load_settings(required | {name: value})
                assert getattr(settings, name.lower()) == field.default, name
                compared += 1
        assert compared > 10
        for name, kind, default in INTERPOLATION.findall(COMPOSE_TEXT):
            if kind == ":-":
                assert documented()[name] == (default, False)


def test_no_file_names_an_account_a_registry_or_a_mirror() -> None:
    files = [ROOT / name for name in ("Dockerfile", ".dockerignore", "docker-compose.prod.yml")]
    for path in [*files, *(ROOT / "config").iterdir()]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b\d{12}\b", text), f"{path.name} has an account number"
        assert not re.search(r"https?://(?!127\.0\.0\.1)\w|index-url", text), f"{path.name} names a host"

"""docker-compose.prod.yml: no secret, nothing open, no root."""

import re
from pathlib import Path

import pytest

from ocr_platform.cli.processes import NO_REDIS
from ocr_platform.local.redis_users import FLOWER, WORKER
from ocr_platform.settings import AppEnv, Settings, SslMode, Surroundings, load_settings
from tests.unit.deployment.support import (
    AWS_KEYS,
    COMPOSE,
    COMPOSE_TEXT,
    INTERPOLATION,
    PLATFORM,
    ROOT,
    SECRET_NAME,
    SERVICES,
    STORES,
    environment,
    filled_in,
    image_user,
    interpolate,
)

REDIS_USERS = {
    "worker": (WORKER.name, "redis_worker_password"),
    "beat": (WORKER.name, "redis_worker_password"),
    "flower": (FLOWER.name, "redis_flower_password"),
}


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

    def test_each_password_of_redis_is_known_to_its_user_and_to_redis_alone(self) -> None:
        passwords = [name for name in COMPOSE["secrets"] if name.startswith("redis_")]
        knowing = {
            password: {name for name, service in SERVICES.items() if password in service["secrets"]}
            for password in passwords
        }
        assert knowing == {
            "redis_worker_password": {"worker", "beat", "redis"},
            "redis_client_password": {"redis"},
            "redis_flower_password": {"flower", "redis"},
        }

    def test_redis_reads_its_users_from_files_that_it_cannot_change(self) -> None:
        mounts = [mount for mount in SERVICES["redis"]["volumes"] if mount.startswith(".")]
        assert mounts == ["./config/redis:/etc/ocr-platform/redis:ro"]
        assert (ROOT / "config" / "redis" / "users.sh").exists()

    def test_flower_alone_publishes_a_port_and_only_on_loopback(self) -> None:
        published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
        assert set(published) == {"flower"}
        ports = [interpolate(port, {}) for port in published["flower"]]
        assert ports == [f"127.0.0.1:5555:{environment('flower')['OCR_FLOWER_PORT']}"]
        assert not any("network_mode" in service for service in SERVICES.values())

    def test_only_worker_and_beat_reach_aws_and_nobody_outside_reaches_the_stores(self) -> None:
        inner = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
        assert inner == {"internal"}
        outer = {name: set(service["networks"]) - inner for name, service in SERVICES.items()}
        assert {name: networks for name, networks in outer.items() if networks} == {
            "worker": {"egress"},
            "beat": {"egress"},
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

        unused = NO_REDIS if service == "migrate" else ()
        settings = load_settings(environ, Surroundings((), core_dumps=False, unused=frozenset(unused)))

        assert settings.app_env is AppEnv.PRODUCTION
        assert settings.resolved_sslmode is SslMode.DISABLE
        assert settings.db_host == "postgres"
        assert settings.redis_host == "redis"
        needs_database = service != "flower"
        given = settings.db_password and settings.db_password.get_secret_value()
        assert given == ("the db_password" if needs_database else None)
        user, secret = REDIS_USERS.get(service, (None, None))
        redis_password = settings.redis_password and settings.redis_password.get_secret_value()
        assert (settings.redis_username, redis_password) == (user, secret and f"the {secret}")
        assert (settings.ocr_flower_password is not None) == (service == "flower")

    def test_a_worker_has_time_to_hand_back_what_it_has_before_it_is_killed(self) -> None:
        grace = float(str(SERVICES["worker"]["stop_grace_period"]).removesuffix("s"))
        assert grace >= Settings.model_fields["ocr_stop_seconds"].default + 10

    @pytest.mark.parametrize("service", ["worker", "beat"])
    def test_every_setting_of_the_platform_can_be_given_to_it(self, service: str) -> None:
        own = {name for name in map(str.upper, Settings.model_fields) if name.startswith("OCR_")}
        assert {name for name in own if "FLOWER" not in name} - {"OCR_CONCURRENCY"} <= set(environment(service))

    def test_a_worker_recognises_as_many_pages_at_once_as_its_memory_is_for(self) -> None:
        assert interpolate(str(environment("worker")["OCR_CONCURRENCY"]), {}) == "2"
        assert interpolate(SERVICES["worker"]["mem_limit"], {}) == "3g"

    def test_no_service_is_told_of_a_setting_that_is_gone(self) -> None:
        names = {name.removesuffix("_FILE") for service in PLATFORM for name in environment(service)}
        own = {name for name in names if name.startswith("OCR_")}
        assert own <= set(map(str.upper, Settings.model_fields))

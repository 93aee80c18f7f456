from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.errors import SettingsError
from ocr_platform.models import EngineName, SandboxMode
from ocr_platform.settings import AppEnv, AwsCredentials, LogLevel, Settings, SslMode, load_settings

SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "DB_PASSWORD",
    "REDIS_PASSWORD",
    "OCR_FLOWER_PASSWORD",
)
DURATIONS = sorted(name.upper() for name in Settings.model_fields if name.endswith("_seconds"))
REQUIRED = ("AWS_REGION", "S3_BUCKET_NAME", "KMS_KEY_ID", "DB_NAME", "DB_USER")


def _faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return caught.value.faults


def _production(environ: dict[str, str], **more: str) -> dict[str, str]:
    """A production in which nothing is insecure."""
    secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:database"
    login = {"DB_SECRET_ARN": secret, "REDIS_SECRET_ARN": secret, "REDIS_TLS": "true", "REDIS_CA_FILE": "/ca.pem"}
    kept = {name: value for name, value in environ.items() if name != "DB_PASSWORD"}
    return kept | login | {"APP_ENV": "production", "DB_SSLROOTCERT": "/etc/ssl/rds.pem"} | more


def test_least_environment_is_enough(environ: dict[str, str]) -> None:
    settings = load_settings(environ)

    assert settings.s3_bucket_name == "documents"
    assert settings.db_port == 5432
    assert settings.redis_port == 6379
    assert settings.ocr_default_languages == "eng"
    assert settings.ocr_log_level is LogLevel.INFO


def test_production_is_the_default(environ: dict[str, str]) -> None:
    environ = _production(environ)
    del environ["APP_ENV"]

    assert load_settings(environ).app_env is AppEnv.PRODUCTION


@pytest.mark.parametrize("name", REQUIRED)
def test_missing_variable_is_one_line_that_names_it(environ: dict[str, str], name: str) -> None:
    del environ[name]

    assert _faults(environ) == [f"{name}: missing; set it"]


@pytest.mark.parametrize("name", REQUIRED)
def test_empty_variable_counts_as_missing(environ: dict[str, str], name: str) -> None:
    assert _faults(environ | {name: ""}) == [f"{name}: missing; set it"]


def test_all_faults_are_told_at_once(environ: dict[str, str]) -> None:
    del environ["AWS_REGION"]

    faults = _faults(environ | {"DB_PORT": "x", "REDIS_PORT": "70000"})

    assert sorted(line.partition(":")[0] for line in faults) == ["AWS_REGION", "DB_PORT", "REDIS_PORT"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ENV", "staging"),
        ("S3_BUCKET_NAME", "Documents"),
        ("S3_BUCKET_NAME", "s3://documents"),
        ("KMS_KEY_ID", "alias/documents"),
        ("KMS_KEY_ID", "arn:aws:kms:eu-central-1:111122223333:alias/documents"),
        ("AWS_SECRET_ARN", "my-secret"),
        ("DB_SECRET_ARN", "my-secret"),
        ("REDIS_SECRET_ARN", "my-secret"),
        ("OCR_AWS_CREDENTIALS", "keys"),
        ("OCR_ALLOW_INSECURE", "everything"),
        ("DB_HOST", "postgresql://db"),
        ("REDIS_HOST", "rediss://cache"),
        ("REDIS_HOST", "user:word@cache"),
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("DB_PORT", "0"),
        ("DB_PORT", "5432x"),
        ("DB_SSLMODE", "prefer"),
        ("REDIS_PORT", "65536"),
        ("REDIS_TLS", "perhaps"),
        ("OCR_BUCKET_OWNER", "12345"),
        ("OCR_FORMER_KMS_KEYS", "alias/former"),
        ("OCR_DEFAULT_LANGUAGES", "eng+--psm"),
        ("OCR_MAX_SOURCE_BYTES", "0"),
        ("OCR_MAX_PAGES", "-1"),
        ("OCR_MAX_PAGE_PIXELS", "many"),
        ("OCR_PAGE_TIMEOUT_SECONDS", "0"),
        ("OCR_RENDER_DPI", "30"),
        ("OCR_SANDBOX_MEMORY_BYTES", "1024"),
        ("OCR_DOCUMENT_TIMEOUT_SECONDS", "0.5"),
        ("OCR_MAX_DOCUMENT_PIXELS", "9999"),
        ("OCR_MAX_PAGE_INCHES", "0.5"),
        ("OCR_MAX_PAGE_INCHES", "14401"),
        ("OCR_ENGINE", "abbyy"),
        ("OCR_ENGINE", "Tesserocr"),
        ("OCR_SANDBOX", "none"),
        ("OCR_SANDBOX", "best_effort"),
        ("OCR_SANDBOX_RECYCLE_PAGES", "0"),
        ("OCR_SANDBOX_RECYCLE_BYTES", "1024"),
        ("OCR_MODEL_CACHE_BYTES", "-1"),
        ("OCR_BATCH_PAGES", "0"),
        ("OCR_LEASE_SECONDS", "0.5"),
        ("OCR_MAX_ATTEMPTS", "0"),
        ("OCR_MAX_ATTEMPTS", "101"),
        ("OCR_MAX_CLAIMS", "9"),
        ("OCR_BACKOFF_SECONDS", "0"),
        ("OCR_BACKOFF_SECONDS", "601"),
        ("OCR_MAX_HELPERS", "-1"),
        ("OCR_STOP_SECONDS", "0"),
        ("OCR_SWEEP_SECONDS", "0"),
        ("OCR_WAKE_PATIENCE_SECONDS", "0"),
        ("OCR_ORPHANS_SECONDS", "86401"),
        ("OCR_LOG_LEVEL", "LOUD"),
        ("OCR_CONCURRENCY", "0"),
        ("OCR_FLOWER_USER", "a:b"),
        ("OCR_FLOWER_PORT", "http"),
    ],
)
def test_wrong_value_is_one_line_that_names_the_variable_and_not_the_value(
    environ: dict[str, str], name: str, value: str
) -> None:
    faults = _faults(environ | {name: value})

    assert len(faults) == 1
    assert faults[0].startswith(f"{name}: ")
    assert "\n" not in faults[0]
    if len(value) > 3:
        assert value not in faults[0]


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_durations_are_finite(environ: dict[str, str], name: str, value: str) -> None:
    assert [line.partition(":")[0] for line in _faults(environ | {name: value})] == [name]


def test_claims_and_retries_have_the_defaults_that_the_documents_promise(settings: Settings) -> None:
    assert settings.ocr_lease_seconds == 60
    assert settings.ocr_max_attempts == 6
    assert settings.ocr_max_claims == 200
    assert settings.ocr_backoff_seconds == 2
    assert settings.ocr_max_helpers == 8
    assert settings.ocr_stop_seconds == 20
    assert settings.ocr_sweep_seconds == 5
    assert settings.ocr_wake_patience_seconds == 30
    assert settings.ocr_orphans_seconds == 600


def test_claims_and_retries_can_be_set(environ: dict[str, str]) -> None:
    settings = load_settings(environ | {"OCR_LEASE_SECONDS": "90.5", "OCR_MAX_HELPERS": "0", "OCR_MAX_ATTEMPTS": "1"})

    assert (settings.ocr_lease_seconds, settings.ocr_max_helpers, settings.ocr_max_attempts) == (90.5, 0, 1)


def test_sandboxes_have_the_defaults_that_the_documents_promise(settings: Settings) -> None:
    assert settings.ocr_engine is EngineName.AUTO
    assert settings.ocr_sandbox is SandboxMode.BEST_EFFORT
    assert settings.ocr_document_timeout_seconds == 14_400
    assert settings.ocr_max_document_pixels == 20_000_000_000
    assert settings.ocr_max_page_inches == 200
    assert settings.ocr_sandbox_recycle_pages == 100
    assert settings.ocr_sandbox_recycle_bytes == 512 * 1024 * 1024
    assert settings.ocr_model_cache_bytes == 256 * 1024 * 1024


@pytest.mark.parametrize("name", EngineName)
def test_engine_can_be_chosen(environ: dict[str, str], name: EngineName) -> None:
    assert load_settings(environ | {"OCR_ENGINE": name.value}).ocr_engine is name


@pytest.mark.parametrize("mode", SandboxMode)
def test_sandbox_can_be_insisted_on(environ: dict[str, str], mode: SandboxMode) -> None:
    assert load_settings(environ | {"OCR_SANDBOX": mode.value}).ocr_sandbox is mode


def test_setting_that_is_gone_is_ignored_like_any_other_variable(environ: dict[str, str]) -> None:
    # What replaced it: leases, which need no figure for "stalled".
    assert "ocr_stalled_seconds" not in Settings.model_fields
    assert load_settings(environ | {"OCR_STALLED_SECONDS": "21600"}) == load_settings(environ)


def test_key_that_is_no_arn_is_told_how_one_looks(environ: dict[str, str]) -> None:
    assert "arn:aws:kms:REGION:ACCOUNT:key/ID" in _faults(environ | {"KMS_KEY_ID": "alias/documents"})[0]


@pytest.mark.parametrize("name", SECRETS)
def test_secret_may_come_as_a_file_without_the_files_newline(
    environ: dict[str, str], tmp_path: Path, name: str
) -> None:
    # Given the secret, as an editor saves it, and for the AWS keys their companions
    file = tmp_path / "secret"
    file.write_text(" s3cret word \r\n", encoding="utf-8")
    environ |= {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "key"}
    environ.pop(name, None)

    # When
    settings = load_settings(environ | {f"{name}_FILE": str(file)})

    # Then only the line end is gone
    assert getattr(settings, name.lower()).get_secret_value() == " s3cret word "


@pytest.mark.parametrize("name", SECRETS)
def test_secret_as_value_and_as_file_is_refused(environ: dict[str, str], tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    file.write_text("from-the-file", encoding="utf-8")
    environ |= {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "key"}

    faults = _faults(environ | {name: "from-the-value", f"{name}_FILE": str(file)})

    assert faults == [f"{name}: give {name} or {name}_FILE, not both"]


def test_file_that_cannot_be_read_is_one_line(environ: dict[str, str], tmp_path: Path) -> None:
    del environ["DB_PASSWORD"]
    missing = tmp_path / "nowhere"

    faults = _faults(environ | {"DB_PASSWORD_FILE": str(missing)})

    assert faults == [f"DB_PASSWORD_FILE: cannot read {missing}: No such file or directory"]


def test_directory_or_binary_in_place_of_a_secrets_file_is_one_line(environ: dict[str, str], tmp_path: Path) -> None:
    del environ["DB_PASSWORD"]
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")

    assert _faults(environ | {"DB_PASSWORD_FILE": str(tmp_path)}) == [
        f"DB_PASSWORD_FILE: cannot read {tmp_path}: Is a directory"
    ]
    assert _faults(environ | {"DB_PASSWORD_FILE": str(binary)}) == [
        f"DB_PASSWORD_FILE: cannot read {binary}: not UTF-8 text"
    ]


@pytest.mark.parametrize("name", SECRETS)
def test_empty_file_in_place_of_a_secret_is_a_fault(environ: dict[str, str], tmp_path: Path, name: str) -> None:
    # An empty variable counts as not set; an empty file would be an empty password: Flower's, for one.
    empty = tmp_path / "secret"
    empty.write_text("\n", encoding="utf-8")
    environ |= {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "key"}
    environ.pop(name, None)

    faults = _faults(environ | {f"{name}_FILE": str(empty)})

    assert [line for line in faults if line.startswith(f"{name}_FILE: ")]


def test_secrets_are_never_shown(environ: dict[str, str]) -> None:
    # Given every secret set, and a fault elsewhere
    secrets = {name: f"hush-{name.lower()}" for name in SECRETS}

    # When
    settings = load_settings(environ | secrets)
    faults = _faults(environ | secrets | {"DB_PORT": "x"})

    # Then
    for shown in (repr(settings), str(settings), str(settings.model_dump()), "\n".join(faults)):
        assert "hush-" not in shown


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=8, max_size=30))
def test_wrong_value_never_comes_back_in_a_fault(value: str) -> None:
    environ = {"AWS_REGION": "r", "KMS_KEY_ID": value, "DB_NAME": "n", "DB_USER": "u", "DB_PASSWORD": "p"}

    with pytest.raises(SettingsError) as caught:
        load_settings(environ | {"S3_BUCKET_NAME": f"!{value}", "DB_SSLROOTCERT": "/ca.pem"})

    assert value not in caught.value.message


def test_development_takes_static_keys_but_only_both(environ: dict[str, str]) -> None:
    assert load_settings(environ | {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "key"}).aws_access_key_id
    assert len(_faults(environ | {"AWS_ACCESS_KEY_ID": "AKIA"})) == 1
    assert len(_faults(environ | {"AWS_SECRET_ACCESS_KEY": "key"})) == 1


def test_tls_to_redis_needs_a_ca(environ: dict[str, str]) -> None:
    faults = _faults(environ | {"REDIS_TLS": "true"})

    assert [line.partition(":")[0] for line in faults] == ["REDIS_CA_FILE"]
    assert load_settings(environ | {"REDIS_TLS": "true", "REDIS_CA_FILE": "/ca.pem"}).redis_tls


def test_sslmode_defaults_to_the_strictest_in_production_and_none_in_development(environ: dict[str, str]) -> None:
    assert load_settings(_production(environ)).resolved_sslmode is SslMode.VERIFY_FULL
    assert load_settings(environ).resolved_sslmode is SslMode.DISABLE
    assert load_settings(environ | {"DB_SSLMODE": "require"}).resolved_sslmode is SslMode.REQUIRE


@pytest.mark.parametrize("mode", [None, "verify-ca", "verify-full"])
def test_verifying_sslmodes_need_a_ca(environ: dict[str, str], mode: str | None) -> None:
    environ = _production(environ) | ({"DB_SSLMODE": mode} if mode else {})
    del environ["DB_SSLROOTCERT"]

    assert [line.partition(":")[0] for line in _faults(environ)] == ["DB_SSLROOTCERT"]


def test_recognisers_process_sees_the_path_and_nothing_secret(environ: dict[str, str]) -> None:
    settings = load_settings(environ | {"PATH": "/opt/bin", "TESSDATA_PREFIX": "/opt/models", "DB_PASSWORD": "hush"})

    seen = settings.sandbox_environment

    assert seen["PATH"] == "/opt/bin"
    assert seen["TESSDATA_PREFIX"] == "/opt/models"
    assert seen["OMP_THREAD_LIMIT"] == "1"
    assert "hush" not in str(seen)
    assert not any(name.startswith(("AWS_", "DB_", "REDIS_", "OCR_")) for name in seen)


def test_only_the_given_environment_is_read(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_HOST", "from-the-process")

    assert load_settings(environ).db_host == "localhost"


def test_processes_environment_is_the_default(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    assert load_settings() == load_settings(environ | {"PATH": load_settings().path})


def test_settings_do_not_change(settings: Settings) -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.db_host = "elsewhere"  # type: ignore[misc]


def test_key_and_bucket_share_a_region(environ: dict[str, str]) -> None:
    assert _faults(environ | {"AWS_REGION": "us-east-1"}) == [
        "AWS_REGION: is us-east-1, but KMS_KEY_ID lies in eu-central-1; S3 needs one region"
    ]


SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1"


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({}, AwsCredentials.ROLE),
        ({"AWS_SECRET_ARN": SECRET_ARN}, AwsCredentials.SECRET),
        ({"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "key"}, AwsCredentials.ENVIRONMENT),
        ({"AWS_SECRET_ARN": SECRET_ARN, "OCR_AWS_CREDENTIALS": "role"}, AwsCredentials.ROLE),
    ],
)
def test_where_aws_credentials_come_from(
    environ: dict[str, str], given: dict[str, str], source: AwsCredentials
) -> None:
    assert load_settings(environ | given).aws_credentials is source


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"OCR_AWS_CREDENTIALS": "secret"}, "AWS_SECRET_ARN: required with OCR_AWS_CREDENTIALS=secret"),
        ({"OCR_AWS_CREDENTIALS": "environment"}, "AWS_ACCESS_KEY_ID: required with OCR_AWS_CREDENTIALS=environment"),
        ({"DB_SECRET_ARN": SECRET_ARN}, "DB_PASSWORD: give DB_PASSWORD or DB_SECRET_ARN, not both"),
        (
            {"DB_SECRET_ARN": SECRET_ARN, "DB_IAM_AUTH": "true"},
            "DB_PASSWORD: give DB_PASSWORD or DB_SECRET_ARN or DB_IAM_AUTH, not all",
        ),
        (
            {"REDIS_PASSWORD": "word", "REDIS_SECRET_ARN": SECRET_ARN},
            "REDIS_PASSWORD: give REDIS_PASSWORD or REDIS_SECRET_ARN, not both",
        ),
    ],
)
def test_credentials_that_miss_something_or_come_twice(
    environ: dict[str, str], given: dict[str, str], line: str
) -> None:
    assert _faults(environ | given) == [line]

"""What production refuses, one line each. docs/credentials.md has the same table."""

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from ocr_platform.errors import SettingsError
from ocr_platform.settings import (
    Insecurity,
    Surroundings,
    allowed_insecurities,
    insecurities,
    is_example,
    load_settings,
)

SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:login"
DOCUMENT = Path(__file__).parents[3] / "docs/credentials.md"

# What is set, by which name it can be allowed, and the line it prints.
REFUSED = [
    (
        {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "key"},
        Insecurity.AWS_KEYS,
        "AWS_ACCESS_KEY_ID: not allowed in production; use an IAM role or AWS_SECRET_ARN",
    ),
    (
        {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "key"},
        Insecurity.AWS_KEYS,
        "AWS_SECRET_ACCESS_KEY: not allowed in production; use an IAM role or AWS_SECRET_ARN",
    ),
    (
        {"AWS_SESSION_TOKEN": "token"},
        Insecurity.AWS_KEYS,
        "AWS_SESSION_TOKEN: not allowed in production; use an IAM role or AWS_SECRET_ARN",
    ),
    (
        {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "k", "OCR_AWS_CREDENTIALS": "environment"},
        Insecurity.AWS_KEYS,
        "OCR_AWS_CREDENTIALS: environment is for development; set role or secret",
    ),
    (
        {"DB_PASSWORD": "word", "DB_SECRET_ARN": ""},
        Insecurity.PLAIN_PASSWORDS,
        (
            "DB_PASSWORD: in the environment every child and every crash report can see it; use DB_PASSWORD_FILE, "
            "DB_SECRET_ARN or DB_IAM_AUTH"
        ),
    ),
    (
        {"REDIS_PASSWORD": "word", "REDIS_SECRET_ARN": ""},
        Insecurity.PLAIN_PASSWORDS,
        (
            "REDIS_PASSWORD: in the environment every child and every crash report can see it; use REDIS_PASSWORD_FILE "
            "or REDIS_SECRET_ARN"
        ),
    ),
    (
        {"OCR_FLOWER_PASSWORD": "word"},
        Insecurity.PLAIN_PASSWORDS,
        (
            "OCR_FLOWER_PASSWORD: in the environment every child and every crash report can see it; use "
            "OCR_FLOWER_PASSWORD_FILE"
        ),
    ),
    (
        {"DB_PASSWORD": "YOUR_PASSWORD_HERE", "DB_SECRET_ARN": ""},
        Insecurity.EXAMPLE_SECRETS,
        "DB_PASSWORD: holds a password from an example; make a new one",
    ),
    (
        {"AWS_ENDPOINT_URL": "http://emulator:4566"},
        Insecurity.AWS_ENDPOINT,
        "AWS_ENDPOINT_URL: must be https:// in production",
    ),
    (
        {"AWS_ENDPOINT_URL_S3": "http://emulator:4566"},
        Insecurity.AWS_ENDPOINT,
        "AWS_ENDPOINT_URL_S3: must be https:// in production",
    ),
    *(
        (
            {"DB_SSLMODE": mode},
            Insecurity.DB_SSLMODE,
            f"DB_SSLMODE: {mode} does not prove who the server is; set verify-full and DB_SSLROOTCERT",
        )
        for mode in ("disable", "require", "verify-ca")
    ),
    (
        {"REDIS_TLS": "false"},
        Insecurity.REDIS_TLS,
        "REDIS_TLS: Redis without TLS; set REDIS_TLS=true and REDIS_CA_FILE",
    ),
    *(
        (
            {name: "redis://elsewhere"},
            Insecurity.REDIS_TLS,
            f"{name}: Celery would connect there, past all REDIS_ settings; remove it",
        )
        for name in ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")
    ),
    (
        {"REDIS_SECRET_ARN": ""},
        Insecurity.REDIS_PASSWORD,
        "REDIS_PASSWORD_FILE: Redis without a password; set it, or REDIS_SECRET_ARN",
    ),
    *(
        ({name: "1"}, Insecurity.DEBUG, f"{name}: is on; remove it in production")
        for name in ("DEBUG", "FLASK_DEBUG", "PYTHONDEVMODE")
    ),
    ({"OCR_LOG_LEVEL": "DEBUG"}, Insecurity.DEBUG, "OCR_LOG_LEVEL: DEBUG is for development; set INFO"),
]
QUIET = Surroundings(directories=(), core_dumps=False)
CORE_DUMPS = (
    "RLIMIT_CORE: core dumps are on and would write plaintext and keys to disk; set LimitCORE=0, `ulimits: core: 0` or "
    "`ulimit -c 0`"
)


@pytest.fixture
def production(environ: dict[str, str]) -> dict[str, str]:
    """An installation in which nothing is insecure."""
    del environ["DB_PASSWORD"]
    return environ | {
        "APP_ENV": "production",
        "DB_SECRET_ARN": SECRET_ARN,
        "DB_SSLROOTCERT": "/etc/ssl/rds.pem",
        "REDIS_SECRET_ARN": SECRET_ARN,
        "REDIS_TLS": "true",
        "REDIS_CA_FILE": "/etc/ssl/redis.pem",
    }


def _faults(environ: dict[str, str], surroundings: Surroundings = QUIET) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, surroundings)
    return caught.value.faults


def test_a_production_in_order_starts(production: dict[str, str]) -> None:
    settings = load_settings(production, QUIET)

    assert insecurities(settings, production, QUIET) == []


@pytest.mark.parametrize(("given", "name", "line"), REFUSED)
def test_production_refuses(production: dict[str, str], given: dict[str, str], name: Insecurity, line: str) -> None:
    assert line in _faults(production | given)


@pytest.mark.parametrize(("given", "name", "line"), REFUSED)
def test_an_exception_is_allowed_by_its_name_and_told(
    production: dict[str, str], given: dict[str, str], name: Insecurity, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given all names, and all but the one in question
    environ = production | given
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    allowed = environ | {"OCR_ALLOW_INSECURE": ", ".join(Insecurity)}
    others = environ | {"OCR_ALLOW_INSECURE": ",".join(each for each in Insecurity if each is not name)}

    settings = load_settings(allowed, QUIET)

    assert (name, line) in allowed_insecurities(settings, QUIET)
    assert line in _faults(others)


@pytest.mark.parametrize(("given", "name", "line"), REFUSED)
def test_development_takes_it(
    environ: dict[str, str], production: dict[str, str], given: dict[str, str], name: Insecurity, line: str
) -> None:
    given_in_development = production | given | {"APP_ENV": "development"}
    if given.get("AWS_SESSION_TOKEN") or given.get("DB_SECRET_ARN") == "":
        given_in_development |= {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "key"}

    load_settings(given_in_development, replace(QUIET, core_dumps=True))  # raises nothing


@pytest.mark.parametrize(("given", "name", "line"), REFUSED)
def test_the_documentation_has_the_line(given: dict[str, str], name: Insecurity, line: str) -> None:
    assert f"| `{name}` | {line} |" in DOCUMENT.read_text(encoding="utf-8")


def test_a_password_from_the_guide_is_refused_in_a_file_too(production: dict[str, str], tmp_path: Path) -> None:
    # Given a password that the guide shows, taken from there and not from here
    guide = Path(__file__).parents[4] / "shared/seed/production-security-guide.md"
    if not guide.exists():
        pytest.skip("the guide is not here")
    (password,) = {
        line.partition("DB_PASSWORD=")[2].strip()
        for line in guide.read_text(encoding="utf-8").splitlines()
        if line.startswith("DB_PASSWORD=") and "<" not in line
    }
    file = tmp_path / "password"
    file.write_text(f"{password}\n", encoding="utf-8")

    faults = _faults(production | {"DB_SECRET_ARN": "", "DB_PASSWORD_FILE": str(file)})

    assert faults == ["DB_PASSWORD_FILE: holds a password from an example; make a new one"]


def test_places_to_fill_in_are_no_passwords() -> None:
    assert is_example("YOUR_SECRET_HERE")
    assert is_example("<from-secrets-manager>")
    assert is_example("changeme")
    assert not is_example("k3-Yq!x")


def test_a_dotenv_file_beside_the_program_is_refused(production: dict[str, str], tmp_path: Path) -> None:
    around = Surroundings((tmp_path,), core_dumps=False)
    load_settings(production, around)  # raises nothing
    (tmp_path / ".env").touch()

    faults = _faults(production, around)

    assert faults == [f".env: {tmp_path / '.env'} lies beside the program; remove it from this machine"]
    load_settings(production | {"OCR_ALLOW_INSECURE": "dotenv"}, around)  # raises nothing


def test_core_dumps_are_refused(production: dict[str, str]) -> None:
    around = Surroundings((), core_dumps=True)

    assert _faults(production, around) == [CORE_DUMPS]
    load_settings(production | {"OCR_ALLOW_INSECURE": "core_dumps"}, around)  # raises nothing
    assert f"| `core_dumps` | {CORE_DUMPS} |" in DOCUMENT.read_text(encoding="utf-8")


def test_a_process_knows_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    found = Surroundings.of_this_process()

    assert tmp_path in found.directories
    assert Path(__file__).parents[3] in found.directories
    assert found.core_dumps is (resource.getrlimit(resource.RLIMIT_CORE)[0] != 0)


def test_what_a_process_does_not_use_cannot_be_insecure(production: dict[str, str]) -> None:
    environ = production | {"DB_SSLMODE": "disable"}

    assert _faults(environ)
    load_settings(environ, replace(QUIET, unused=frozenset({Insecurity.DB_SSLMODE})))  # raises nothing


def test_an_application_is_not_asked_for_its_surroundings(production: dict[str, str]) -> None:
    load_settings(production)  # raises nothing

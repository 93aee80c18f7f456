"""Objects that pass through, and what they say of themselves when somebody logs or prints them; and who learns what."""

import io
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from ocr_platform import Client
from ocr_platform.access import Access
from ocr_platform.aws.credentials import KnownKeys, Provider, session_with
from ocr_platform.aws.session import make_session
from ocr_platform.broker import make_app
from ocr_platform.db.engine import make_engine
from ocr_platform.local.aws import AwsAccount
from ocr_platform.logins import Login, LoginSource, login_in_file
from ocr_platform.monitoring.logging import JsonFormatter
from ocr_platform.monitoring.redaction import SHOWN, redact
from ocr_platform.runtime import Runtime
from ocr_platform.settings import Settings, load_settings

SECRETS = {
    "DB_PASSWORD": "db-swordfish-1",
    "REDIS_PASSWORD": "redis-swordfish-2",
    "OCR_FLOWER_PASSWORD": "flower-swordfish-3",
    "AWS_ACCESS_KEY_ID": "AKIASWORDFISH4444444",
    "AWS_SECRET_ACCESS_KEY": "aws-swordfish-5",
    "AWS_SESSION_TOKEN": "token-swordfish-6",
}


@pytest.fixture
def with_secrets(environ: dict[str, str]) -> Settings:
    return load_settings(environ | SECRETS)


def _known(settings: Settings) -> KnownKeys:
    keys = {"access_key": "AKIASWORDFISH4444444", "secret_key": "aws-swordfish-5", "token": None, "expiry_time": None}
    return KnownKeys(keys)


@pytest.mark.parametrize(
    "make",
    [
        lambda settings: settings,
        lambda settings: settings.model_dump(),
        lambda settings: settings.model_dump_json(),
        Client,
        Runtime,
        lambda settings: Runtime(settings, Access(settings)),
        Access,
        make_session,
        lambda settings: make_session(settings).get_credentials(),
        lambda settings: make_engine(settings).url,
        make_engine,
        _known,
        lambda _: Login("ocr", "db-swordfish-1"),
        lambda _: AwsAccount("http://x", "r", "AKIA", "aws-swordfish-5", "b", "k", "arn"),
    ],
)
def test_nothing_that_passes_through_shows_a_secret(make: Callable[[Settings], Any], with_secrets: Settings) -> None:
    made = make(with_secrets)

    assert "swordfish" not in f"{made!r} {made} {[made]}".lower()


def test_celerys_settings_as_workers_and_flower_tell_them_show_no_secret(with_secrets: Settings) -> None:
    app: Celery = make_app(with_secrets, Access(with_secrets).broker)

    told = f"{app.conf.table(with_defaults=True)} {app.conf.humanize(with_defaults=True)} {app.bugreport()} {app!r}"

    assert "swordfish" not in told.lower()
    assert "broker_transport_options" in told
    app.close()


def test_secrets_of_the_settings_are_all_that_are_declared_as_secret(with_secrets: Settings) -> None:
    assert set(with_secrets.secrets) == set(SECRETS.values())


def test_process_learns_the_secrets_of_its_settings(with_secrets: Settings) -> None:
    Access(with_secrets)

    assert redact(" ".join(SECRETS.values())) == " ".join([SHOWN] * len(SECRETS))


def test_process_learns_a_login_each_time_that_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "password"
    source = LoginSource("test", login_in_file("DB_PASSWORD_FILE", "ocr", file), keep_seconds=0.0)
    for password in ("first-barracuda", "second-barracuda"):
        file.write_text(password)
        source.current()

    assert redact("first-barracuda and second-barracuda") == f"{SHOWN} and {SHOWN}"


def test_process_learns_aws_keys_when_they_are_fetched() -> None:
    fetched = {
        "access_key": "ASIABARRACUDA",
        "secret_key": "aws-barracuda",
        "token": "t-barracuda",
        "expiry_time": None,
    }
    session = session_with(Provider(lambda: fetched, "role", timedelta(hours=1)), "eu-central-1")
    assert redact("aws-barracuda") == "aws-barracuda"

    session.get_credentials().get_frozen_credentials()  # type: ignore[union-attr]

    assert redact("ASIABARRACUDA aws-barracuda t-barracuda") == f"{SHOWN} {SHOWN} {SHOWN}"


def test_learned_secret_is_in_no_line_of_the_platforms_format(with_secrets: Settings) -> None:
    Access(with_secrets)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log = logging.Logger("library")  # noqa: LOG001  not in the tree: no other handler sees it
    log.addHandler(handler)

    log.error("FATAL: password 'db-swordfish-1' of %s", "AKIASWORDFISH4444444", extra={"dsn": "x=redis-swordfish-2"})

    assert "swordfish" not in stream.getvalue().lower()
    assert json.loads(stream.getvalue())["dsn"] == f"x={SHOWN}"

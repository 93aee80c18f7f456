"""config/production.env.example: every setting, explained, and no secret."""

import itertools
import re

from ocr_platform.settings import Insecurity, Settings, load_settings
from tests.unit.deployment.support import (
    AWS_KEYS,
    COMPOSE_TEXT,
    EXAMPLE,
    FILLED_IN,
    INTERPOLATION,
    ROOT,
    SECRET_NAME,
    documented,
    filled_in,
    interpolate,
)


class TestEnvironmentExample:
    def test_it_holds_no_secret_and_no_name_for_one(self) -> None:
        for name, (value, _) in documented().items():
            if SECRET_NAME.search(name) and not name.endswith("_FILE"):
                assert name in {"KMS_KEY_ID", "SECRETS_DIR", "OCR_PASSWORD_SECRETS"} or name.endswith("_SECRET_ARN")
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
        files = {"DB_PASSWORD_FILE", "REDIS_PASSWORD_FILE"}
        settings = set(map(str.upper, Settings.model_fields)) - AWS_KEYS - {"PATH"} - files
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
            "OCR_ALLOW_INSECURE": ",".join(Insecurity),
        }
        compared = 0
        for name, (value, is_set) in documented().items():
            field = Settings.model_fields.get(name.lower())
            if field is not None and not is_set and field.default is not None and value:
                settings = load_settings(required | {name: value})
                assert getattr(settings, name.lower()) == field.default, name
                compared += 1
        assert compared > 10
        for name, kind, default in INTERPOLATION.findall(COMPOSE_TEXT):
            if kind == ":-":
                assert documented()[name] == (default, False)


def test_no_file_names_an_account_a_registry_or_a_mirror() -> None:
    files = [ROOT / name for name in ("Dockerfile", ".dockerignore", "docker-compose.prod.yml")]
    config = [path for path in (ROOT / "config").rglob("*") if path.is_file()]
    for path in [*files, *config]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b\d{12}\b", text), f"{path.name} has an account number"
        assert not re.search(r"https?://(?!127\.0\.0\.1)\w|index-url", text), f"{path.name} names a host"

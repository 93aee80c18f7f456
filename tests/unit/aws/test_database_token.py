"""Tokens for RDS: the same as boto3's own."""

from datetime import timedelta
from urllib.parse import parse_qs

import boto3
import pytest

from ocr_platform.aws.credentials import Provider, session_with
from ocr_platform.aws.database_token import database_token, token_refused
from ocr_platform.errors import CredentialsUnavailable

PLACE = ("db.example", 5432, "ocr user")
TRIES = 20


def test_a_token_is_the_one_that_boto3_makes() -> None:
    # Given temporary keys, whose token is part of it
    session = boto3.session.Session("ASIAKEY", "secret", "to/ke+n=", region_name="eu-central-1")
    client = session.client("rds")
    pairs = []
    for _ in range(TRIES):  # the moment is part of it: two that were made in the same second
        ours = database_token(session, *PLACE, "eu-central-1")
        pairs.append((ours, client.generate_db_auth_token("db.example", 5432, "ocr user")))
    client.close()

    same_second = [pair for pair in pairs if parse_qs(pair[0])["X-Amz-Date"] == parse_qs(pair[1])["X-Amz-Date"]]

    assert same_second
    for ours, theirs in same_second:
        assert parse_qs(ours) == parse_qs(theirs)
        assert ours.startswith("db.example:5432/?")


def test_without_credentials_there_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    session = boto3.session.Session(region_name="eu-central-1")
    monkeypatch.setattr(session, "get_credentials", lambda: None)

    with pytest.raises(CredentialsUnavailable):
        database_token(session, *PLACE, "eu-central-1")


def test_a_refused_token_has_its_keys_fetched_anew() -> None:
    numbers = iter(range(1, 10))

    def fetch() -> dict[str, str | None]:
        return {"access_key": f"AKIA{next(numbers)}", "secret_key": "s", "token": None, "expiry_time": None}

    session = session_with(Provider(fetch, "role", timedelta(hours=1)), "eu-central-1")
    first = database_token(session, *PLACE, "eu-central-1")

    token_refused(session, first)

    assert "AKIA1" in first
    assert "AKIA2" in database_token(session, *PLACE, "eu-central-1")

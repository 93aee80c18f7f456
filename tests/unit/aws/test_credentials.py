"""Credentials that are renewed, kept when that fails, and replaced when AWS refuses them. The clock is real."""

from datetime import UTC, datetime, timedelta

import pytest

from ocr_platform import restraint
from ocr_platform.aws.credentials import Metadata, Provider, RenewableCredentials, keys_of_secret, session_with
from ocr_platform.errors import CredentialsUnavailable

HOUR = timedelta(hours=1)


class Source:
    """Gives out AKIA1, AKIA2, …; `down` makes it fail, `lasting` gives the keys an expiry."""

    def __init__(self, lasting: timedelta | None = None) -> None:
        self.asked = 0
        self.down = False
        self.same = False
        self.lasting = lasting

    def __call__(self) -> Metadata:
        self.asked += 1
        if self.down:
            raise CredentialsUnavailable("away")
        number = 1 if self.same else self.asked
        expiry = None if self.lasting is None else (datetime.now(UTC) + self.lasting).isoformat()
        return {"access_key": f"AKIA{number}", "secret_key": "s", "token": None, "expiry_time": expiry}


def _renewal(credentials: RenewableCredentials) -> timedelta:
    """In how long botocore renews by itself."""
    told: datetime = credentials._expiry_time  # type: ignore[attr-defined]
    return told - datetime.now(UTC) - timedelta(minutes=15)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between two forced renewals."""
    monkeypatch.setattr(restraint, "_LEAST_SECONDS", 0.0)
    monkeypatch.setattr(restraint, "_MOST_SECONDS", 0.0)


def test_nothing_is_fetched_before_it_is_needed() -> None:
    source = Source()
    session = session_with(Provider(source, "secret", HOUR), "eu-central-1")

    found = session.get_credentials()
    assert source.asked == 0

    assert found is not None
    assert found.get_frozen_credentials().access_key == "AKIA1"
    assert found.get_frozen_credentials().access_key == "AKIA1"
    assert source.asked == 1


def test_a_session_has_one_source_of_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given keys in the environment, which botocore would find first
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")

    found = session_with(Provider(Source(), "role", HOUR), "eu-central-1").get_credentials()

    assert found is not None
    assert found.get_frozen_credentials().access_key == "AKIA1"


def test_keys_without_an_expiry_are_fetched_again_within_the_interval_and_not_all_at_once() -> None:
    renewals = []
    for _ in range(50):
        credentials = RenewableCredentials(Source(), "secret", HOUR)
        credentials.get_frozen_credentials()
        renewals.append(_renewal(credentials))

    assert min(renewals) >= 0.79 * HOUR
    assert max(renewals) <= HOUR
    assert max(renewals) - min(renewals) > 0.05 * HOUR


@pytest.mark.parametrize(
    ("lasting", "at_the_latest"),
    [
        (timedelta(hours=6), timedelta(hours=5, minutes=45)),
        (timedelta(minutes=20), timedelta(minutes=10)),
        (timedelta(seconds=4), timedelta(seconds=2)),
    ],
)
def test_keys_with_an_expiry_are_renewed_well_before(lasting: timedelta, at_the_latest: timedelta) -> None:
    credentials = RenewableCredentials(Source(lasting), "role", HOUR)

    credentials.get_frozen_credentials()

    assert 0.75 * at_the_latest <= _renewal(credentials) <= at_the_latest


def test_an_outage_leaves_the_last_good_keys_and_is_tried_again_soon() -> None:
    source = Source(timedelta(seconds=0.2))
    credentials = RenewableCredentials(source, "role", HOUR)
    credentials.get_frozen_credentials()
    source.down = True
    while _renewal(credentials) > timedelta():
        pass

    assert credentials.get_frozen_credentials().access_key == "AKIA1"
    assert source.asked == 2
    assert timedelta(seconds=23) < _renewal(credentials) <= timedelta(seconds=30)


def test_without_any_keys_an_outage_is_an_error_each_time() -> None:
    source = Source()
    source.down = True
    credentials = RenewableCredentials(source, "role", HOUR)

    for _ in range(2):
        with pytest.raises(CredentialsUnavailable):
            credentials.get_frozen_credentials()


def test_refused_keys_are_replaced_at_once() -> None:
    credentials = RenewableCredentials(Source(), "secret", HOUR)
    credentials.get_frozen_credentials()

    assert credentials.refused("AKIA1")

    assert credentials.get_frozen_credentials().access_key == "AKIA2"


def test_keys_that_are_not_in_use_any_more_are_not_fetched_for() -> None:
    source = Source()
    credentials = RenewableCredentials(source, "secret", HOUR)
    credentials.get_frozen_credentials()

    assert credentials.refused("AKIA0")

    assert source.asked == 1


def test_a_stream_of_refusals_is_no_stream_of_fetches() -> None:
    source = Source()
    source.same = True
    credentials = RenewableCredentials(source, "secret", HOUR)
    credentials.get_frozen_credentials()

    assert not any(credentials.refused("AKIA1") for _ in range(100))

    assert source.asked == 2


def test_refused_keys_stay_while_there_are_no_others(unhurried: None) -> None:
    source = Source()
    credentials = RenewableCredentials(source, "secret", HOUR)
    credentials.get_frozen_credentials()
    source.down = True

    assert not credentials.refused("AKIA1")
    assert credentials.get_frozen_credentials().access_key == "AKIA1"
    source.down = False
    assert credentials.refused("AKIA1")


def test_a_secret_gives_its_keys_or_those_of_the_role_that_it_names() -> None:
    fields = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
    role = {"access_key": "ASIA", "secret_key": "s", "token": "t", "expiry_time": None}

    assert keys_of_secret(fields, lambda *_: role)["access_key"] == "AKIA"
    assert keys_of_secret(fields, lambda *_: role)["token"] == "t"
    assert keys_of_secret(fields | {"AWS_ROLE_ARN": "arn:role"}, lambda *_: role) == role
